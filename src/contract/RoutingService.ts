import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DatabaseRefused, NotFound, StaleLiveDeployment, SwitchRefused } from "./errors.ts"
import { id, list, message, optional, word } from "./protojson.ts"
import { bool, text } from "./scalars.ts"

const Domain = message("ctrl_worker.v1.Domain", {
  fqdn: id(256),
  /** Used instead when `fqdn` belongs to another project or environment. */
  alternative: id(256),
  sticky: word("none", "branch", "environment", "live")
})

const SkippedDomain = message("ctrl_worker.v1.SkippedDomain", {
  fqdn: id(256),
  reason: word("foreign_project", "other_environment", "newer_deployment", "rolled_back")
})

/**
 * `expectedLiveDeploymentId` absent means that the caller saw no live deployment; a promotion and a rollback fail with
 * StaleLiveDeployment when that has changed. `domains`: the host names of a deploy; empty for a promotion and a
 * rollback.
 */
const SwapLiveDeploymentRequest = message("ctrl_worker.v1.SwapLiveDeploymentRequest", {
  intent: word("deploy", "promote", "rollback"),
  deploymentId: id(128),
  expectedLiveDeploymentId: optional(text(256)),
  domains: list(Domain, 32)
})

/** `live`: this deployment is live after the swap. `skippedDomains`: host names that stay with their owner, and why. */
const SwapLiveDeploymentResponse = message("ctrl_worker.v1.SwapLiveDeploymentResponse", {
  previousLiveDeploymentId: optional(text(256)),
  live: bool,
  rolledBack: bool,
  skippedDomains: list(SkippedDomain, 32)
})

/**
 * The only service that changes the live deployment and existing routes; CustomDomainService adds the route of a
 * verified domain. The key is the project id.
 */
export const RoutingService = Contract.object("hydra.v1.RoutingService", {
  /** For callers of the older protocol: assigns the given routes to the deployment; skips unknown ids. */
  AssignFrontlineRoutes: {
    input: message("hydra.v1.AssignFrontlineRoutesRequest", {
      deploymentId: id(128),
      frontlineRouteIds: list(text(128))
    }),
    output: message("hydra.v1.AssignFrontlineRoutesResponse", {}),
    error: DatabaseRefused,
    ingress: "private"
  },
  /** Changes routes and the live deployment in one transaction. Idempotent. */
  SwapLiveDeployment: {
    input: SwapLiveDeploymentRequest,
    output: SwapLiveDeploymentResponse,
    error: Schema.Union(NotFound, SwitchRefused, StaleLiveDeployment, DatabaseRefused),
    ingress: "private"
  }
})
