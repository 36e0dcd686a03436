import { Effect, Layer, Ref } from "effect"
import { Db } from "../../../src/services/Db.ts"
import { MemoryBuildLedger } from "./MemoryBuildLedger.ts"
import { MemoryCertificateStore } from "./MemoryCertificateStore.ts"
import { MemoryClickhouseSettingsStore } from "./MemoryClickhouseSettingsStore.ts"
import { MemoryDeploymentStore } from "./MemoryDeploymentStore.ts"
import { MemoryDomainProofStore } from "./MemoryDomainProofStore.ts"
import { MemoryDomainStore } from "./MemoryDomainStore.ts"
import { MemoryIdlePreviewStore } from "./MemoryIdlePreviewStore.ts"
import { MemoryKeyRefillStore } from "./MemoryKeyRefillStore.ts"
import { MemoryQuotaStore } from "./MemoryQuotaStore.ts"
import { MemoryRegionStore } from "./MemoryRegionStore.ts"
import { MemoryRouteStore } from "./MemoryRouteStore.ts"
import { MemoryTables, memoryTables, transaction, updateWhere } from "./MemoryTables.ts"
import { noRows, type TableName, type Tables } from "./Tables.ts"
import { sortedRows, World } from "./World.ts"

const matchesAll =
  <Row extends object>(where: Partial<Row>) =>
  (row: Row) =>
    // Object.keys widens to string; the keys are those of a Partial<Row>.
    (Object.keys(where) as Array<keyof Row>).every((column) => row[column] === where[column])

const world = Layer.effect(
  World,
  Effect.map(MemoryTables, (tables) => {
    const change = transaction(tables)
    return World.of({
      insert: <T extends TableName>(table: T, row: Tables[T]) =>
        change(`insert into ${table}`, (draft) => {
          const rows: Array<Tables[T]> = draft[table]
          rows.push(row)
        }).pipe(Effect.orDie),
      update: <T extends TableName>(table: T, where: Partial<Tables[T]>, set: Partial<Tables[T]>) =>
        change(`update ${table}`, (draft) => {
          const rows: Array<Tables[T]> = draft[table]
          updateWhere(rows, matchesAll(where), set)
        }).pipe(Effect.orDie),
      dump: Effect.map(Ref.get(tables), sortedRows),
      clear: Ref.set(tables, noRows)
    })
  })
)

const db = Layer.succeed(Db, Db.of({ ping: Effect.void, usage: Effect.succeed([]) }))

/** An in-memory database with its stores and surrounding services. */
export const memoryWorld = Layer.mergeAll(
  MemoryDeploymentStore,
  MemoryDomainProofStore,
  MemoryDomainStore,
  MemoryCertificateStore,
  MemoryRouteStore,
  MemoryRegionStore,
  MemoryClickhouseSettingsStore,
  MemoryIdlePreviewStore,
  MemoryKeyRefillStore,
  MemoryQuotaStore,
  MemoryBuildLedger,
  world,
  db
).pipe(Layer.provide(memoryTables))
