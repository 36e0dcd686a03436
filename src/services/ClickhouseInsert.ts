import { Context, type Effect } from "effect"
import type { ClickhouseUnavailable } from "./Usage.ts"

/**
 * Adds rows to a table of the analytics database. One call is one insert: it succeeds when the server has the rows, and a
 * repeat may add them again.
 */
export class ClickhouseInsert extends Context.Tag("ctrl-worker/ClickhouseInsert")<
  ClickhouseInsert,
  { readonly insert: (table: string, rows: ReadonlyArray<object>) => Effect.Effect<void, ClickhouseUnavailable> }
>() {}
