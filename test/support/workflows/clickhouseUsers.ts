import { Effect, Layer, Redacted } from "effect"
import type { Input } from "effect-restate"
import { ClickhouseUserService } from "../../../src/contract/ClickhouseUserService.ts"
import { PasswordGenerator } from "../../../src/services/clickhouseUser/PasswordGenerator.ts"
import type { Vault } from "../../../src/services/vault/Vault.ts"
import { ClickhouseUserWorkflows } from "../../../src/workflows/clickhouseUser/ClickhouseUserWorkflows.ts"
import { type MemoryClickhouse, type MemoryClickhouseOptions, memoryClickhouse } from "../memory/MemoryClickhouse.ts"
import { MemoryVault } from "../memory/MemoryVault.ts"
import { World } from "../memory/World.ts"
import { ControlPlane, type ControlPlaneOptions, Engine } from "./ControlPlane.ts"

/** The same each time it is asked, so that two tellings of a story store the same. */
export const firstPassword = "first-password"
const onePassword = Layer.succeed(
  PasswordGenerator,
  PasswordGenerator.of({ generate: Effect.succeed(Redacted.make(firstPassword)) })
)

/** Serves ClickhouseUserService on the engine of the story, with a ClickHouse and a vault in memory. */
export const clickhouseUsers = (
  options: MemoryClickhouseOptions = {}
): ControlPlaneOptions<MemoryClickhouse | Vault> => ({
  more: Layer.effectDiscard(Effect.flatMap(Engine, (engine) => engine.serve(ClickhouseUserWorkflows))).pipe(
    Layer.provideMerge(Layer.mergeAll(memoryClickhouse(options), MemoryVault)),
    Layer.provide(onePassword)
  )
})

type ConfigureInput = Input<typeof ClickhouseUserService, "ConfigureUser">

export const noLimits: ConfigureInput = {
  quotaDurationSeconds: 0,
  maxQueriesPerWindow: 0,
  maxExecutionTimePerWindow: 0,
  maxQueryExecutionTime: 0,
  maxQueryMemoryBytes: 0n,
  maxQueryResultRows: 0
}

export const configureUser = (workspaceId: string, limits: Partial<ConfigureInput> = {}) =>
  Effect.flatMap(ControlPlane, ({ engine }) =>
    Effect.either(engine.call(ClickhouseUserService, workspaceId, "ConfigureUser", { ...noLimits, ...limits }))
  )

export const withQuota = (workspaceId: string, logs_retention_days = 30) =>
  Effect.flatMap(World, (world) =>
    world.insert("quota", { workspace_id: workspaceId, requests_per_month: 0, logs_retention_days })
  )
