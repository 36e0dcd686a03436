import { Context, Effect, Layer, Option } from "effect"
import { type ClickhouseConnection, connectClickhouse, noClickhouse } from "./ClickhouseConnection.ts"
import type { ClickhouseOptions } from "./ClickhouseOptions.ts"

/** The connection to `clickhouse.url` that everything shares that reads and writes there. */
export class ClickhouseClient extends Context.Tag("ctrl-worker/ClickhouseClient")<
  ClickhouseClient,
  ClickhouseConnection
>() {}

/** Never fails to start: a server that is away or not configured makes requests fail, each time they are made. */
export const ClickhouseClientLive = (options: Option.Option<ClickhouseOptions>): Layer.Layer<ClickhouseClient> =>
  Layer.scoped(
    ClickhouseClient,
    Option.match(options, { onNone: () => Effect.succeed(noClickhouse), onSome: connectClickhouse })
  )
