import { type ConfigProvider, Effect, HashSet, Option } from "effect"
import type { ConfigProblem } from "./ConfigProblems.ts"
import { lookup } from "./expansion.ts"
import { environmentName } from "./Setting.ts"

export interface RawSettings {
  /** Setting path to text. */
  readonly values: ReadonlyMap<string, string>
  readonly problems: ReadonlyArray<ConfigProblem>
}

// Kubernetes sets these in every pod of a namespace that has a Service whose name starts with "worker".
const serviceLink = /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/
const serviceLinkAddress = /^(tcp|udp|sctp):\/\//

/** All variables that begin with WORKER_, from the provider's tree of names. */
const workerVariables = (environment: ConfigProvider.ConfigProvider): Effect.Effect<ReadonlyMap<string, string>> => {
  const below = (path: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<readonly [string, string]>> =>
    Effect.gen(function* () {
      const name = path.join("_")
      const own = path.length === 0 ? Option.none() : yield* lookup(environment, name)
      const children = yield* Effect.orElseSucceed(environment.flattened.enumerateChildren(path), () =>
        HashSet.empty<string>()
      )
      const wanted = [...children].filter((child) => path.length > 0 || /^WORKER(_|$)/.test(child))
      const nested = yield* Effect.forEach(wanted, (child) => below([...path, child]))
      return [...(Option.isSome(own) ? [[name, own.value] as const] : []), ...nested.flat()]
    })
  return Effect.map(below([]), (entries) => new Map(entries.filter(([name]) => name.startsWith("WORKER_"))))
}

/** The known settings in the environment, and its unknown WORKER_ names. */
export const readEnvironment = (
  environment: ConfigProvider.ConfigProvider,
  paths: Iterable<string>
): Effect.Effect<RawSettings> =>
  Effect.gen(function* () {
    const variables = yield* workerVariables(environment)
    const known = new Map(Array.from(paths, (path) => [environmentName(path), path]))
    const values = new Map<string, string>()
    const problems: Array<ConfigProblem> = []
    for (const [name, value] of variables) {
      const path = known.get(name)
      if (path !== undefined) values.set(path, value)
      else if (!serviceLink.test(name) && !(name.endsWith("_PORT") && serviceLinkAddress.test(value))) {
        problems.push({ setting: name, problem: "there is no such setting" })
      }
    }
    return { values, problems }
  })
