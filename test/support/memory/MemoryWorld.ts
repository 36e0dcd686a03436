import { Context, Effect, Layer, Ref } from "effect"
import { BuildLedger } from "../../../src/services/builds/BuildLedger.ts"
import { CertificateStore } from "../../../src/services/certificate/CertificateStore.ts"
import { ClickhouseSettingsStore } from "../../../src/services/clickhouseUser/ClickhouseSettingsStore.ts"
import { DomainStore } from "../../../src/services/customDomain/DomainStore.ts"
import { Db } from "../../../src/services/Db.ts"
import { DeploymentStore } from "../../../src/services/deploy/DeploymentStore.ts"
import { RegionStore } from "../../../src/services/deploy/RegionStore.ts"
import { RouteStore } from "../../../src/services/deploy/RouteStore.ts"
import { DomainProofStore } from "../../../src/services/domainProof/DomainProofStore.ts"
import { IdlePreviewStore } from "../../../src/services/idlePreviews/IdlePreviewStore.ts"
import { KeyRefillStore } from "../../../src/services/keyRefill/KeyRefillStore.ts"
import { QuotaStore } from "../../../src/services/quotaCheck/QuotaStore.ts"
import { makeMemoryBuildLedger } from "./MemoryBuildLedger.ts"
import { makeCertificateStore } from "./MemoryCertificateStore.ts"
import { makeClickhouseSettingsStore } from "./MemoryClickhouseSettingsStore.ts"
import { makeDeploymentStore } from "./MemoryDeploymentStore.ts"
import { makeDomainProofStore } from "./MemoryDomainProofStore.ts"
import { makeDomainStore } from "./MemoryDomainStore.ts"
import { makeIdlePreviewStore } from "./MemoryIdlePreviewStore.ts"
import { makeKeyRefillStore } from "./MemoryKeyRefillStore.ts"
import { makeQuotaStore } from "./MemoryQuotaStore.ts"
import { makeRegionStore } from "./MemoryRegionStore.ts"
import { makeRouteStore } from "./MemoryRouteStore.ts"
import { MemoryTables, memoryTables, transaction, updateWhere } from "./MemoryTables.ts"
import { noRows, type TableName, type Tables } from "./Tables.ts"
import { sortedRows, World } from "./World.ts"

const matchesAll =
  <Row extends object>(where: Partial<Row>) =>
  (row: Row) =>
    // Object.keys widens to string; the keys are those of a Partial<Row>.
    (Object.keys(where) as Array<keyof Row>).every((column) => row[column] === where[column])

const makeWorld = Effect.map(MemoryTables, (tables) => {
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

/** Built in one effect: a layer of its own for each store takes longer to build than most stories take to run. */
const stores = Layer.effectContext(
  Effect.gen(function* () {
    return Context.make(DeploymentStore, yield* makeDeploymentStore).pipe(
      Context.add(DomainProofStore, yield* makeDomainProofStore),
      Context.add(DomainStore, yield* makeDomainStore),
      Context.add(CertificateStore, yield* makeCertificateStore),
      Context.add(RouteStore, yield* makeRouteStore),
      Context.add(RegionStore, yield* makeRegionStore),
      Context.add(ClickhouseSettingsStore, yield* makeClickhouseSettingsStore),
      Context.add(IdlePreviewStore, yield* makeIdlePreviewStore),
      Context.add(KeyRefillStore, yield* makeKeyRefillStore),
      Context.add(QuotaStore, yield* makeQuotaStore),
      Context.add(BuildLedger, yield* makeMemoryBuildLedger),
      Context.add(World, yield* makeWorld),
      Context.add(Db, Db.of({ ping: Effect.void, usage: Effect.succeed([]) }))
    )
  })
)

/** An in-memory database with its stores and surrounding services. */
export const memoryWorld = stores.pipe(Layer.provide(memoryTables))
