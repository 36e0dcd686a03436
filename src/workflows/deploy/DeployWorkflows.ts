import { implement } from "effect-restate"
import { DeployService } from "../../contract/DeployService.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { deploy } from "./Deploy.ts"
import { promote } from "./Promote.ts"
import { rollback } from "./Rollback.ts"
import { scaleDownIdlePreviews } from "./scaleDownIdlePreviews.ts"

/** Key: whatever the caller uses. Deploys run concurrently; RoutingService serialises what must not. */
export const DeployWorkflows = implement(
  DeployService,
  {
    Deploy: deploy,
    Promote: promote,
    Rollback: rollback,
    ScaleDownIdlePreviewDeployments: () => scaleDownIdlePreviews
  },
  {
    retry: pauseAfterRetries,
    attributes: requestAttributes(),
    endsWhenExhausted: ["ScaleDownIdlePreviewDeployments"]
  }
)
