import { Context, type Effect } from "effect"
import type { ClickhouseUnavailable } from "./Usage.ts"

/**
 * Inserts rows into ClickHouse. One call is one INSERT; it succeeds once the server has stored the rows. A repeat may insert
 * duplicates.
 */
export class ClickhouseInsert extends Context.Tag("ctrl-worker/ClickhouseInsert")<
  ClickhouseInsert,
  { readonly insert: (table: string, rows: ReadonlyArray<object>) => Effect.Effect<void, ClickhouseUnavailable> }
>() {}
