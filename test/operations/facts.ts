import type { DeployFacts } from "../../src/operations/deploy/DeployFacts.ts"
import type { DeploymentRecord } from "../../src/operations/deploy/DeploymentRecords.ts"
import { deployWait } from "../../src/operations/deploy/decideDeployWait.ts"
import type { InvocationDetail } from "../../src/operations/InvocationDetails.ts"

const minute = 60_000
/** 2026-12-01T10:00:00Z, when the facts are read. */
export const now = Date.UTC(2026, 11, 1, 10)

export const deployment: DeploymentRecord = {
  id: "d_W1sxMKKS",
  workspaceId: "ws_1",
  workspaceSlug: "acme",
  projectId: "proj_FxUsFmL6",
  projectSlug: "shop",
  environmentId: "env_1",
  environmentSlug: "production",
  isLive: false,
  status: "deploying",
  desiredState: "running",
  image: "registry.example/shop:1",
  buildId: null,
  gitCommitSha: null,
  gitBranch: null,
  gitCommitMessage: null,
  gitCommitAuthorHandle: null,
  createdAt: now - 2 * minute,
  updatedAt: null
}

export const invocation: InvocationDetail = {
  id: "inv_1iIrnYJc45nP3hxHqIciJyNAIdSjbYMvCz",
  service: "hydra.v1.DeployService",
  handler: "Deploy",
  key: "proj_FxUsFmL6",
  status: "running",
  result: null,
  createdAt: now - 2 * minute,
  startedAt: now - 2 * minute,
  modifiedAt: now - 1000,
  dueAt: null,
  completedAt: null,
  attempts: 1,
  nextRetryAt: null,
  traceId: "b3aba38b4f1f8f4f9a3c6e2d1f0a9b8c",
  failure: null,
  lastStep: "check-instances",
  waitsFor: { _tag: "Timer", until: now + 2000 }
}

/** A deploy that waits for its instances. */
export const waiting: DeployFacts = {
  id: deployment.id,
  now,
  deployment,
  phases: [
    { step: "queued", startedAt: now - 105_000, endedAt: now - 104_970, error: null },
    { step: "building", startedAt: now - 104_970, endedAt: now - 104_961, error: null },
    { step: "deploying", startedAt: now - 104_961, endedAt: null, error: null }
  ],
  regions: [
    { region: "eu-west-1.aws", desiredReplicas: 2, running: 2, failed: 0 },
    { region: "us-east-1.aws", desiredReplicas: 1, running: 0, failed: 1 }
  ],
  invocation,
  otherInvocations: [],
  waitsFor: deployWait("instances", now - 104_961 + 15 * minute),
  slot: null,
  commands: [
    {
      line: `control-plane-worker cancel ${invocation.id}`,
      effect: "marks the deployment failed and removes its instances"
    }
  ],
  missing: []
}
