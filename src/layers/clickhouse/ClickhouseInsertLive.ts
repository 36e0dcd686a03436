import { Effect, Layer } from "effect"
import { ClickhouseInsert } from "../../services/clickhouse/ClickhouseInsert.ts"
import { ClickhouseClient } from "./ClickhouseClient.ts"

/** Each call is one request; the caller builds batches. */
export const ClickhouseInsertLive: Layer.Layer<ClickhouseInsert, never, ClickhouseClient> = Layer.effect(
  ClickhouseInsert,
  Effect.map(ClickhouseClient, ({ insert }) =>
    ClickhouseInsert.of({ insert: (table, rows) => insert(`insert into ${table}`, table, rows) })
  )
)
