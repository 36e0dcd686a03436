import type { StatusReport } from "../../src/cli/statusReport.ts"
import type { Invocation } from "../../src/operations/Invocations.ts"
import { invocation, now } from "../operations/facts.ts"

const { handler, key, service } = invocation
const deploy: Invocation = {
  id: invocation.id,
  service,
  handler,
  key,
  status: "running",
  createdAt: now - 104_000,
  modifiedAt: now - 1000,
  dueAt: null,
  startedAt: now - 104_000,
  attemptAt: now - 104_000,
  attempts: 1,
  failure: { code: null, step: null }
}
const failing: Invocation = {
  ...deploy,
  id: "inv_1kTqB3vOa7Yl2kz1kQmXJ9S3rVbQfW8n5d",
  key: "proj_9aLm20Qx",
  status: "backing-off",
  createdAt: now - 29_000,
  attempts: 7,
  failure: { code: "RT0007", step: "load-deployment" }
}

/** A deploy that waits for its instances, and one whose database does not answer. */
export const openDeploys: StatusReport = {
  now,
  counts: [
    { service, status: "running", count: 1 },
    { service, status: "backing-off", count: 1 }
  ],
  shown: [
    { invocation: deploy, detail: invocation, wayOut: null },
    {
      invocation: failing,
      wayOut: null,
      detail: {
        ...invocation,
        id: failing.id,
        status: "backing-off",
        waitsFor: null,
        lastStep: "load-deployment",
        nextRetryAt: now + 8000,
        failure: { code: "RT0007", step: "load-deployment", reason: "DeploymentStore.find: timeout" }
      }
    }
  ],
  more: 0
}
