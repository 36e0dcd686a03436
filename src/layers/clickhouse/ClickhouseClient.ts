import { Context, Effect, Layer, Option } from "effect"
import { type ClickhouseConnection, connectClickhouse, noClickhouse } from "./ClickhouseConnection.ts"
import type { ClickhouseOptions } from "./ClickhouseOptions.ts"

/** The shared connection to `clickhouse.url`. */
export class ClickhouseClient extends Context.Tag("ctrl-worker/ClickhouseClient")<
  ClickhouseClient,
  ClickhouseConnection
>() {}

/** Never fails to start: if the server is unavailable or not configured, each request fails. */
export const ClickhouseClientLive = (options: Option.Option<ClickhouseOptions>): Layer.Layer<ClickhouseClient> =>
  Layer.scoped(
    ClickhouseClient,
    Option.match(options, { onNone: () => Effect.succeed(noClickhouse), onSome: connectClickhouse })
  )
