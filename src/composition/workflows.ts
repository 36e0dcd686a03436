import { Effect, Option, type Scope } from "effect"
import type { Implementation } from "effect-restate"
import type { WorkerConfig } from "../config.ts"
import type { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import type { Vault } from "../services/vault/Vault.ts"
import { clickhouseUserService } from "./clickhouse.ts"
import { alwaysServed, type WorkflowServices } from "./implementations.ts"

/** Every service that this worker serves. A service whose settings are missing is left out, with a log line. */
export const workflows: Effect.Effect<
  ReadonlyArray<Implementation<WorkflowServices>>,
  never,
  MysqlPools | Scope.Scope | Vault | WorkerConfig
> = Effect.map(clickhouseUserService, (analyticsLogins) => [...alwaysServed, ...Option.toArray(analyticsLogins)])
