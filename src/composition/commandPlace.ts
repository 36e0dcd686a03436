import { Config, Effect, Option } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { type CommandPlace, shellQuoted } from "../operations/commandLineFor.ts"

const variable = (name: string) => Effect.option(Config.nonEmptyString(name))

/**
 * How an operator starts a command that is shown here. In a pod: in that pod, which has the settings. POD_NAMESPACE comes from
 * its manifest. Elsewhere: as the installed program, with these options.
 */
export const commandPlace = (options: ReadonlyArray<string>): Effect.Effect<CommandPlace> =>
  Effect.gen(function* () {
    const inKubernetes = yield* variable("KUBERNETES_SERVICE_HOST")
    const pod = yield* variable("HOSTNAME")
    const namespace = yield* variable("POD_NAMESPACE")
    if (Option.isNone(inKubernetes) || Option.isNone(pod)) return { program: packageJson.name, options }
    const inNamespace = Option.match(namespace, { onNone: () => "", onSome: (name) => `-n ${shellQuoted(name)} ` })
    return { program: `kubectl exec ${inNamespace}${shellQuoted(pod.value)} -- node dist/main.js`, options }
  })
