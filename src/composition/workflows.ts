import { Effect, Option, type Scope } from "effect"
import type { Implementation } from "effect-restate"
import type { WorkerConfig } from "../config.ts"
import type { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import type { Vault } from "../services/vault/Vault.ts"
import { BuildSlotWorkflows } from "../workflows/builds/BuildSlotWorkflows.ts"
import { CertificateWorkflows } from "../workflows/certificate/CertificateWorkflows.ts"
import { CommitStatusWorkflows } from "../workflows/commits/CommitStatusWorkflows.ts"
import { CustomDomainWorkflows } from "../workflows/customDomain/CustomDomainWorkflows.ts"
import { DeployWorkflows } from "../workflows/deploy/DeployWorkflows.ts"
import { DeploymentWorkflows } from "../workflows/deployment/DeploymentWorkflows.ts"
import { DomainProofWorkflows } from "../workflows/domainProof/DomainProofWorkflows.ts"
import { IdlePreviewWorkflows } from "../workflows/idlePreviews/IdlePreviewWorkflows.ts"
import { KeyRefillWorkflows } from "../workflows/keyRefill/KeyRefillWorkflows.ts"
import { QuotaCheckWorkflows } from "../workflows/quotaCheck/QuotaCheckWorkflows.ts"
import { QuotaNoticeWorkflows } from "../workflows/quotaCheck/QuotaNoticeWorkflows.ts"
import { RoutingWorkflows } from "../workflows/routing/RoutingWorkflows.ts"
import { VersioningWorkflows } from "../workflows/versioning/VersioningWorkflows.ts"
import { clickhouseUserService } from "./clickhouse.ts"

/** Served whatever is configured. */
export const alwaysServed = [
  BuildSlotWorkflows,
  CertificateWorkflows,
  CommitStatusWorkflows,
  CustomDomainWorkflows,
  DeployWorkflows,
  DeploymentWorkflows,
  DomainProofWorkflows,
  IdlePreviewWorkflows,
  KeyRefillWorkflows,
  QuotaCheckWorkflows,
  QuotaNoticeWorkflows,
  RoutingWorkflows,
  VersioningWorkflows
]

type NeedsOf<Workflow> = Workflow extends Implementation<infer R> ? R : never

/** The services of the workflows that are always served. */
export type WorkflowServices = NeedsOf<(typeof alwaysServed)[number]>

/** Every service that this worker serves. A service whose settings are missing is left out, with a log line. */
export const workflows: Effect.Effect<
  ReadonlyArray<Implementation<WorkflowServices>>,
  never,
  MysqlPools | Scope.Scope | Vault | WorkerConfig
> = Effect.map(clickhouseUserService, (analyticsLogins) => [...alwaysServed, ...Option.toArray(analyticsLogins)])
