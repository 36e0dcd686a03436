import { Clock, Effect } from "effect"
import { InvocationDetails } from "../InvocationDetails.ts"

/** Restate keeps a completed invocation for a day. */
const retention = 24 * 60 * 60_000

/** Ids of invocations of `Deploy` whose input names the deployment: their key is its project. */
export const deployInvocations = (deploymentId: string) =>
  Effect.gen(function* () {
    const details = yield* InvocationDetails
    const now = yield* Clock.currentTimeMillis
    return yield* details.withInput({
      service: "hydra.v1.DeployService",
      handler: "Deploy",
      id: deploymentId,
      keys: [deploymentId],
      since: now - retention
    })
  })
