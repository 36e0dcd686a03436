import type { BuildFacts } from "../../src/operations/build/BuildFacts.ts"
import type { DeploymentRecord } from "../../src/operations/deploy/DeploymentRecords.ts"
import { deployWait } from "../../src/operations/deploy/decideDeployWait.ts"
import { deployment, invocation, now, waiting } from "./facts.ts"

const id = "bld-3kq8vx1n5c7m2w9t4r6y0p8s"
const minute = 60_000

/** A deployment from a repository. */
export const fromGit: DeploymentRecord = {
  ...deployment,
  status: "building",
  image: null,
  gitCommitSha: "3f5c9e0d7a1b2c4d6e8f0a1b2c3d4e5f60718293",
  gitBranch: "main",
  gitCommitMessage: "Add the cart",
  gitCommitAuthorHandle: "ada"
}

/** A build that runs. */
export const building: BuildFacts = {
  id,
  now,
  build: {
    id,
    state: "running",
    detail: "[build 4/6] RUN npm ci",
    leaseUntil: now + 25_000,
    externalBuildId: null,
    image: null,
    digest: null,
    failure: null
  },
  attempt: 1,
  otherBuilds: [],
  deploy: {
    ...waiting,
    deployment: fromGit,
    phases: [
      { step: "queued", startedAt: now - 75_000, endedAt: now - 63_000, error: null },
      { step: "building", startedAt: now - 63_000, endedAt: null, error: null }
    ],
    regions: [],
    invocation: { ...invocation, lastStep: "check-build" },
    waitsFor: deployWait("build"),
    slot: {
      state: "building",
      position: null,
      waiting: 2,
      leaseEnds: now + 4 * minute,
      holders: [{ deploymentId: deployment.id, buildId: id, leaseEnds: now + 4 * minute }]
    }
  },
  log: [
    { at: now - 4000, text: "npm warn deprecated inflight@1.0.6" },
    { at: now - 1000, text: "added 412 packages in 41s" }
  ],
  missing: []
}

/** A build that waits for a slot. */
export const queued: BuildFacts = {
  ...building,
  build: null,
  log: [],
  deploy: building.deploy && {
    ...building.deploy,
    deployment: { ...fromGit, status: "pending" },
    phases: [{ step: "queued", startedAt: now - 75_000, endedAt: null, error: null }],
    invocation: { ...invocation, lastStep: "plan-build", waitsFor: { _tag: "Timer", until: now + 45_000 } },
    waitsFor: deployWait("build slot", now - 75_000 + 120 * minute),
    slot: {
      state: "waiting",
      position: 2,
      waiting: 3,
      leaseEnds: now + 4 * minute,
      holders: ["d_4Fq", "d_9Lm"].map((deploymentId) => ({ deploymentId, buildId: id, leaseEnds: now + minute }))
    }
  }
}
