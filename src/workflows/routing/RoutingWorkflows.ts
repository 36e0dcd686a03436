import { Clock, Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { implement, key } from "effect-restate"
import { NotFound, StaleLiveDeployment, SwitchRefused } from "../../contract/errors.ts"
import { RoutingService } from "../../contract/RoutingService.ts"
import { RouteStore } from "../../services/deploy/RouteStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { decideSwap, type SwapOutcome } from "./decideSwap.ts"

type SwapInput = Input<typeof RoutingService, "SwapLiveDeployment">
type AssignInput = Input<typeof RoutingService, "AssignFrontlineRoutes">

/**
 * Only a writer outside of this object's key can change the live deployment concurrently, so a few attempts are enough.
 */
const maxSwapAttempts = 5

const SwapOutcomeSchema: Schema.Schema<SwapOutcome> = Schema.Union(
  Schema.TaggedStruct("ProjectMissing", {}),
  Schema.TaggedStruct("DeploymentMissing", {}),
  Schema.TaggedStruct("Stale", { actual: Schema.NullOr(Schema.String) }),
  Schema.TaggedStruct("Refused", { reason: Schema.Literal("not_ready", "put_on_standby", "no_sticky_routes") }),
  Schema.TaggedStruct("Swapped", {
    previous: Schema.NullOr(Schema.String),
    live: Schema.Boolean,
    rolledBack: Schema.Boolean,
    skipped: Schema.Array(
      Schema.Struct({
        fqdn: Schema.String,
        reason: Schema.Literal("foreign_project", "other_environment", "newer_deployment", "rolled_back")
      })
    )
  })
)

const assignRoutes = (input: AssignInput) =>
  Effect.gen(function* () {
    const routes = yield* RouteStore
    const projectId = yield* key
    const at = yield* Clock.currentTimeMillis
    const { deploymentId, frontlineRouteIds: routeIds } = input
    yield* databaseStep("assign-routes", routes.assign({ projectId, deploymentId, routeIds, at }))
    return {}
  })

/**
 * One transaction. The expected live deployment is journaled before it, so that a retry reports what the first run
 * replaced.
 */
const swapOnce = (input: SwapInput, projectId: string, expectedLive: string | null) =>
  Effect.gen(function* () {
    const routes = yield* RouteStore
    const at = yield* Clock.currentTimeMillis
    const { intent, deploymentId, domains } = input
    const fqdns = domains.flatMap(({ fqdn, alternative }) => [fqdn, alternative])
    return yield* databaseStep(
      "swap-live-deployment",
      routes.transact({ projectId, deploymentId, fqdns, at }, (snapshot) =>
        decideSwap(snapshot, { intent, expectedLive, domains })
      ),
      { output: SwapOutcomeSchema }
    )
  })

/** The id, or null. */
const LiveDeployment = Schema.NullOr(Schema.String)

/** A deploy replaces whatever is live; a promotion or rollback replaces only the deployment that its caller expects. */
const swap = (input: SwapInput) =>
  Effect.gen(function* () {
    const routes = yield* RouteStore
    const projectId = yield* key
    if (input.intent !== "deploy") return yield* swapOnce(input, projectId, input.expectedLiveDeploymentId ?? null)
    let outcome: SwapOutcome = { _tag: "Stale", actual: null }
    for (let attempt = 0; attempt < maxSwapAttempts && outcome._tag === "Stale"; attempt++) {
      const live = yield* databaseStep("read-live-deployment", routes.liveDeployment(projectId), {
        output: LiveDeployment
      })
      outcome = yield* swapOnce(input, projectId, live)
    }
    return outcome
  })

const swapLiveDeployment = (input: SwapInput) =>
  Effect.gen(function* () {
    const projectId = yield* key
    const { intent, deploymentId, expectedLiveDeploymentId } = input
    const outcome = yield* swap(input)
    switch (outcome._tag) {
      case "ProjectMissing":
        return yield* new NotFound({ resource: "project", id: projectId })
      case "DeploymentMissing":
        return yield* new NotFound({ resource: "deployment", id: deploymentId })
      case "Stale":
        return yield* new StaleLiveDeployment({
          projectId,
          ...(expectedLiveDeploymentId === undefined ? {} : { expectedDeploymentId: expectedLiveDeploymentId }),
          ...(outcome.actual === null ? {} : { actualDeploymentId: outcome.actual })
        })
      case "Refused":
        return yield* new SwitchRefused({ intent, deploymentId, reason: outcome.reason })
      case "Swapped":
        return {
          ...(outcome.previous === null ? {} : { previousLiveDeploymentId: outcome.previous }),
          live: outcome.live,
          rolledBack: outcome.rolledBack,
          skippedDomains: outcome.skipped
        }
    }
  })

/** Key: project. Holds it for one or two transactions at a time. */
export const RoutingWorkflows = implement(
  RoutingService,
  { AssignFrontlineRoutes: assignRoutes, SwapLiveDeployment: swapLiveDeployment },
  { retry: pauseAfterRetries, attributes: requestAttributes("project_id") }
)
