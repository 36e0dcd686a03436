import type { RefillFacts } from "../../src/operations/RefillFacts.ts"
import { invocation, now } from "./facts.ts"

const id = "inv_1hDw3rTt6y9P2k5a8Qx7LmVs4ZzNuEb1Cf"

/** A refill whose database does not answer. */
export const refilling: RefillFacts = {
  date: "2026-12-01",
  now,
  invocations: [
    {
      ...invocation,
      id,
      service: "hydra.v1.KeyRefillService",
      handler: "RefillSlice",
      key: "2026-12-01",
      status: "backing-off",
      attempts: 4,
      nextRetryAt: now + 8000,
      lastStep: "refill-batch",
      waitsFor: null,
      failure: { code: "RT0007", step: "refill-batch", reason: "KeyRefillStore.refillBatch: timeout" }
    }
  ],
  commands: [
    { line: `control-plane-worker retry ${id}`, effect: "tries the failed step at once" },
    { line: `control-plane-worker cancel ${id}`, effect: "ends it as failed; a new run refills the remaining keys" }
  ]
}
