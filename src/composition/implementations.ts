import type { Contract, Implementation } from "effect-restate"
import { BuildSlotWorkflows } from "../workflows/builds/BuildSlotWorkflows.ts"
import { CertificateWorkflows } from "../workflows/certificate/CertificateWorkflows.ts"
import { ClickhouseUserWorkflows } from "../workflows/clickhouseUser/ClickhouseUserWorkflows.ts"
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

/** The services that a worker serves whatever is configured. */
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

type RequirementsOf<I> = I extends Implementation<infer R> ? R : never

/** What the services that are always served need. */
export type WorkflowServices = RequirementsOf<(typeof alwaysServed)[number]>

/** Every service that a worker may serve. `workflows.ts` decides about those that depend on the configuration. */
export const implementations = [...alwaysServed, ClickhouseUserWorkflows]

/** The contract of every service that a worker may serve. */
export const contracts: ReadonlyArray<Contract> = implementations.map(({ contract }) => contract)
