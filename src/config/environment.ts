import type { FileSystem } from "@effect/platform"
import { type ConfigProvider, Effect, Either, HashSet, Option } from "effect"
import { didYouMean } from "../text/closest.ts"
import type { ConfigProblem } from "./ConfigProblems.ts"
import { lookup } from "./expansion.ts"
import { environmentName, type Setting } from "./Setting.ts"
import { fileVariable, readSecretFile } from "./secretFiles.ts"

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

/** One secret setting whose file the environment names. */
interface SecretFile {
  readonly path: string
  readonly file: string
}

/** The secret from its file. A secret that is also set directly is a problem: one of the two would be ignored. */
const secretFromFile = (
  { file, path }: SecretFile,
  direct: string | undefined
): Effect.Effect<string, string, FileSystem.FileSystem> =>
  direct === undefined || direct === ""
    ? Effect.mapError(readSecretFile(file), (problem) => `the file that ${fileVariable(path)} names ${problem}`)
    : Effect.fail(`is set, and ${fileVariable(path)} too: set one of them`)

/**
 * The known settings in the environment, secrets also from the files that it names, and its unknown WORKER_ names. An
 * empty name of a file counts as absent.
 */
export const readEnvironment = (
  environment: ConfigProvider.ConfigProvider,
  settings: ReadonlyMap<string, Setting<unknown>>
): Effect.Effect<RawSettings, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const variables = yield* workerVariables(environment)
    const known = new Map(Array.from(settings.keys(), (path) => [environmentName(path), path]))
    const secrets = [...settings].flatMap(([path, { kind }]) => (kind.isSecret === true ? [path] : []))
    const fileNames = new Map(secrets.map((path) => [fileVariable(path), path]))
    const values = new Map<string, string>()
    const files: Array<SecretFile> = []
    const problems: Array<ConfigProblem> = []
    for (const [name, value] of variables) {
      const path = known.get(name)
      const secret = fileNames.get(name)
      if (path !== undefined) values.set(path, value)
      else if (secret !== undefined) files.push(...(value === "" ? [] : [{ path: secret, file: value }]))
      else if (!serviceLink.test(name) && !(name.endsWith("_PORT") && serviceLinkAddress.test(value))) {
        const names = [...known.keys(), ...fileNames.keys()]
        problems.push({ setting: name, problem: `there is no such setting${didYouMean(name, names)}` })
      }
    }
    for (const secret of files) {
      const read = yield* Effect.either(secretFromFile(secret, values.get(secret.path)))
      if (Either.isRight(read)) values.set(secret.path, read.right)
      else problems.push({ setting: secret.path, problem: read.left })
    }
    return { values, problems }
  })
