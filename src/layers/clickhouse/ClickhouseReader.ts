import { Context, Effect, Layer, Option } from "effect"
import {
  type ClickhouseConnection,
  type ClickhouseOptions,
  connectClickhouse,
  noClickhouse
} from "./ClickhouseConnection.ts"

/** The connection that the sources of usage and traffic share. */
export class ClickhouseReader extends Context.Tag("ctrl-worker/ClickhouseReader")<
  ClickhouseReader,
  ClickhouseConnection
>() {}

/** Never fails to start: a server that is away or not configured makes the questions fail, each time they are asked. */
export const ClickhouseReaderLive = (options: Option.Option<ClickhouseOptions>): Layer.Layer<ClickhouseReader> =>
  Layer.scoped(
    ClickhouseReader,
    Option.match(options, { onNone: () => Effect.succeed(noClickhouse), onSome: connectClickhouse })
  )
