import { implement } from "effect-restate"
import { DeployService } from "../../contract/DeployService.ts"
import { pauseAfterRetries } from "../retry.ts"
import { deploy } from "./Deploy.ts"
import { promote } from "./Promote.ts"
import { rollback } from "./Rollback.ts"
import { scaleDownIdlePreviews } from "./scaleDownIdlePreviews.ts"

/** Key: whatever the caller uses. Nothing is serial here; what must be is serial in RoutingService. */
export const DeployWorkflows = implement(
  DeployService,
  {
    Deploy: deploy,
    Promote: promote,
    Rollback: rollback,
    ScaleDownIdlePreviewDeployments: () => scaleDownIdlePreviews
  },
  { retry: pauseAfterRetries, endsWhenExhausted: ["ScaleDownIdlePreviewDeployments"] }
)
