import { createRequire } from "node:module"
import process from "node:process"
import { ClickHouseLogLevel, createClient } from "@clickhouse/client"
import { Config, Context, Effect, Layer, Option } from "effect"
import { clickhouseImage, startClickhouseContainer } from "./ClickhouseContainer.ts"
import { startClickhouseEngine } from "./ClickhouseEngine.ts"
import { clickhouseTables } from "./clickhouseTables.ts"
import { dockerAnswers } from "./Machine.ts"
import type { ManagedProcess } from "./Process.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { chooseSource } from "./Source.ts"
import { ComponentFailed, ComponentMissing } from "./StackFailure.ts"

/** A ClickHouse with every table that the worker uses. */
export class ClickhouseServer extends Context.Tag("ctrl-worker/dev/ClickhouseServer")<
  ClickhouseServer,
  {
    /** URL of its HTTP interface, with an admin user. */
    readonly url: string
    /** Its source, for logs. */
    readonly source: string
    /** False for the embedded engine, which checks statements about users but enforces nothing. */
    readonly isServer: boolean
    readonly process: Option.Option<ManagedProcess>
  }
>() {}

export interface ClickhouseServerOptions {
  /** Predefined users of the engine. A server creates its own. */
  readonly users?: ReadonlyArray<string>
  /** Skips the engine: only a server enforces user privileges. */
  readonly mustEnforce?: boolean
}

const addressInEnvironment = Config.option(Config.nonEmptyString("STACK_CLICKHOUSE_URL")).pipe(Effect.orDie)

/** `chdb` lacks a library for this system; package.json lists supported ones. */
const findEngine = Effect.sync(() => {
  const require = createRequire(import.meta.url)
  return Option.liftThrowable(() => {
    const chdb = require.resolve("chdb")
    createRequire(chdb).resolve(`@chdb/lib-${process.platform}-${process.arch}-gnu`)
    return chdb
  })()
})

const missing = new ComponentMissing({
  component: "ClickHouse server",
  remedies: [
    "npm ci   (without --omit=dev; on Linux with x64 the package chdb has the engine)",
    `start Docker: the image ${clickhouseImage} is used`,
    "STACK_CLICKHOUSE_URL=http://user:password@host:8123   (a server of yours; the user may manage users)"
  ]
})

const createTables = (url: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => createClient({ url, log: { level: ClickHouseLogLevel.OFF } })),
    (client) =>
      Effect.tryPromise({
        try: async () => {
          for (const query of clickhouseTables) await client.command({ query })
        },
        catch: (cause) =>
          new ComponentFailed({ component: "ClickHouse", reason: "refused", detail: String(cause), lastLines: [] })
      }),
    (client) => Effect.promise(() => client.close())
  )

/** Whether a server that enforces user privileges is available. */
export const canEnforce: Effect.Effect<boolean> = Effect.zipWith(
  addressInEnvironment,
  dockerAnswers,
  (address, docker) => Option.isSome(address) || docker
)

const start = ({ mustEnforce = false, users = [] }: ClickhouseServerOptions) =>
  Effect.gen(function* () {
    const source = chooseSource({
      environment: yield* addressInEnvironment,
      program: mustEnforce ? Option.none() : yield* findEngine,
      docker: yield* dockerAnswers,
      apt: false
    })
    switch (source._tag) {
      case "Environment":
        return { url: source.address, source: "STACK_CLICKHOUSE_URL", isServer: true, process: Option.none() }
      case "Program": {
        const { process, url } = yield* startClickhouseEngine(users)
        return { url, source: `engine of chdb on ${url}`, isServer: false, process: Option.some(process) }
      }
      case "Docker": {
        const { url } = yield* startClickhouseContainer
        return { url, source: `Docker image ${clickhouseImage}`, isServer: true, process: Option.none() }
      }
      default:
        return yield* missing
    }
  })

/**
 * A ClickHouse: STACK_CLICKHOUSE_URL, else the engine of the package chdb, else Docker. Logs its source, creates missing
 * tables, and stops with the scope what it started.
 */
export const clickhouseServer = (options: ClickhouseServerOptions = {}) =>
  Layer.scoped(
    ClickhouseServer,
    start(options).pipe(
      Effect.tap(({ url }) => createTables(url)),
      Effect.tap((server) => Effect.logInfo(`ClickHouse: ${server.source}`))
    )
  ).pipe(Layer.provide(RunDirectoryLive))
