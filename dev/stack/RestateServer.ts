import { Config, Context, Effect, Layer, Option } from "effect"
import { dockerAnswers } from "./Machine.ts"
import type { ManagedProcess } from "./Process.ts"
import { startRestateCluster } from "./RestateCluster.ts"
import { restateImage, startRestateContainer } from "./RestateContainer.ts"
import { findRestate, type RestateAddresses, type RestateOptions, startRestate } from "./RestateProgram.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { chooseSource } from "./Source.ts"
import { ComponentMissing } from "./StackFailure.ts"

/** A Restate server with the URLs of its ingress and admin API. */
export class RestateServer extends Context.Tag("ctrl-worker/dev/RestateServer")<
  RestateServer,
  RestateAddresses & {
    /** Its source, for logs. */
    readonly source: string
    /** The processes of servers that this run started. */
    readonly processes: ReadonlyArray<ManagedProcess>
  }
>() {}

const addressesInEnvironment = Config.option(
  Config.all({
    ingress: Config.nonEmptyString("STACK_RESTATE_INGRESS"),
    admin: Config.nonEmptyString("STACK_RESTATE_ADMIN")
  })
).pipe(Effect.orDie)

export interface RestateServerOptions extends RestateOptions {
  /** Servers of a cluster, which needs the program: a server from the environment or Docker is one. Default 1. */
  readonly nodes?: number
}

const missing = new ComponentMissing({
  component: "Restate server",
  remedies: [
    "npm ci   (without --omit=optional; its package has a binary for Linux and macOS on x64 and arm64)",
    `start Docker: the image ${restateImage} is used`,
    "STACK_RESTATE_INGRESS=http://host:8080 STACK_RESTATE_ADMIN=http://host:9070   (a server of yours)"
  ]
})

const startProgram = (program: string, { nodes = 1, ...options }: RestateServerOptions) =>
  Effect.gen(function* () {
    if (nodes === 1) {
      const { admin, ingress, process } = yield* startRestate(program, options)
      return { admin, ingress, source: `${program} on ${ingress}`, processes: [process] }
    }
    const cluster = yield* startRestateCluster(program, { ...options, nodes })
    const { admin, ingress } = cluster
    const processes = cluster.nodes.map(({ process }) => process)
    return { admin, ingress, source: `${nodes} servers of ${program} behind ${ingress}`, processes }
  })

const start = (environment: Option.Option<RestateAddresses>, options: RestateServerOptions) =>
  Effect.gen(function* () {
    const source = chooseSource({
      environment,
      program: yield* findRestate,
      docker: yield* dockerAnswers,
      apt: false
    })
    switch (source._tag) {
      case "Environment":
        return { ...source.address, source: "STACK_RESTATE_INGRESS", processes: [] }
      case "Program": {
        return yield* startProgram(source.program, options)
      }
      case "Docker": {
        const addresses = yield* startRestateContainer(options)
        return { ...addresses, source: `Docker image ${restateImage} on ${addresses.ingress}`, processes: [] }
      }
      default:
        return yield* missing
    }
  })

/**
 * A Restate server: STACK_RESTATE_INGRESS and STACK_RESTATE_ADMIN, else the npm package's binary, else Docker. Logs its source,
 * and stops with the scope what it started. A server from the environment ignores `options`.
 */
export const restateServer = (options: RestateServerOptions = {}) =>
  Layer.scoped(
    RestateServer,
    Effect.flatMap(addressesInEnvironment, (environment) => start(environment, options)).pipe(
      Effect.tap((server) => Effect.logInfo(`Restate server: ${server.source}`))
    )
  ).pipe(Layer.provide(RunDirectoryLive))

/** A private Restate server even if the environment names one, so that `options` apply. */
export const privateRestateServer = (options: RestateServerOptions = {}) =>
  Layer.scoped(RestateServer, start(Option.none(), options)).pipe(Layer.provide(RunDirectoryLive))
