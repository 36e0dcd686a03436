import { Clock, type Context, Effect, Either, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { call, implement, key, send, stateCell, uuid } from "effect-restate"
import { DeploymentService } from "../../contract/DeploymentService.ts"
import { DeploymentIsLive, InvalidRequest, NotFound } from "../../contract/errors.ts"
import { TransitionState } from "../../contract/objectState.ts"
import { VersioningService } from "../../contract/VersioningService.ts"
import { type DesiredState, DesiredStateChange } from "../../services/Deployment.ts"
import { DeploymentStore } from "../../services/DeploymentStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { pauseAfterRetries } from "../retry.ts"

type ScheduleInput = Input<typeof DeploymentService, "ScheduleDesiredStateChange">
type ChangeInput = Input<typeof DeploymentService, "ChangeDesiredState">

/** Regions are changed beside each other; the bound keeps the fan-out of one invocation small. */
const regionsAtOnce = 8
const transition = stateCell("transition", TransitionState)

/** Replaces whatever was scheduled: a change acts only while its nonce is the last one. */
const schedule = ({ delayMillis, state }: ScheduleInput) =>
  Effect.gen(function* () {
    const nonce = yield* uuid
    yield* transition.set({ nonce, to: state })
    yield* send(
      DeploymentService,
      yield* key,
      "ChangeDesiredState",
      { nonce, state },
      { delay: Math.max(0, delayMillis) }
    )
    return {}
  })

const wanted = (state: ChangeInput["state"]) =>
  state === "unspecified"
    ? Effect.fail(new InvalidRequest({ field: "state", problem: "must be a desired state" }))
    : Effect.succeed(state)

const change = ({ nonce, state }: ChangeInput) =>
  Effect.gen(function* () {
    const scheduled = yield* transition.get
    if (Option.isNone(scheduled) || scheduled.value.nonce !== nonce) return {}
    // Cleared first: whatever comes of it, this change is spent.
    yield* transition.clear
    yield* applyDesiredState(yield* wanted(state))
    return {}
  })

/** A caller that stops waiting cancels this: what is begun is brought to its end, so that row and topology say the same. */
const setNow = ({ state }: Input<typeof DeploymentService, "SetDesiredState">) =>
  Effect.gen(function* () {
    const desired = yield* wanted(state)
    yield* transition.clear
    yield* Effect.uninterruptible(applyDesiredState(desired))
    return {}
  })

const take = Effect.gen(function* () {
  const scheduled = yield* transition.get
  yield* transition.clear
  return { state: Option.match(scheduled, { onNone: () => "unspecified" as const, onSome: ({ to }) => to }) }
})

const Placement = Schema.Struct({
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  regions: Schema.Array(Schema.String)
})

/** Where the deployment has topology, and whose it is. No regions when its row has gone meanwhile. */
const placementOf = (deployments: Context.Tag.Service<DeploymentStore>, deploymentId: string) =>
  Effect.map(Effect.all([deployments.find(deploymentId), deployments.regions(deploymentId)]), ([found, regions]) =>
    Option.match(found, {
      onNone: () => ({ workspaceId: "", projectId: "", environmentId: "", regions: [] }),
      onSome: ({ deployment: { workspaceId, projectId, environmentId } }) => ({
        workspaceId,
        projectId,
        environmentId,
        regions
      })
    })
  )

/** The row first: krane's resync follows it, and a swap that runs at the same moment checks it under the same lock. */
const applyDesiredState = (desiredState: DesiredState) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const deploymentId = yield* key
    const at = yield* Clock.currentTimeMillis
    const changed = yield* databaseStep(
      "change-desired-state",
      deployments.changeDesiredState({ deploymentId, desiredState, at }),
      { output: DesiredStateChange }
    )
    if (changed === "missing") return yield* new NotFound({ resource: "deployment", id: deploymentId })
    if (changed === "live") return yield* new DeploymentIsLive({ deploymentId })
    const placed = yield* databaseStep("load-placement", placementOf(deployments, deploymentId), { output: Placement })
    const desiredStatus = desiredState === "running" ? "started" : "stopped"
    const topology = { replicas: 0, desiredStatus } as const
    const published = yield* Effect.forEach(
      placed.regions,
      (region) =>
        Effect.either(
          call(VersioningService, region, "PublishChange", {
            workspaceId: placed.workspaceId,
            projectId: placed.projectId,
            environmentId: placed.environmentId,
            deploymentId,
            k8sNamespace: "",
            topology,
            policies: [],
            now: at
          })
        ),
      { concurrency: regionsAtOnce }
    )
    // A region that refuses holds up no other; what it said is still this change's outcome.
    yield* Either.all(published)
  })

/** Key: deployment. Holds it for two short transactions; waiting is the delayed message's business. */
export const DeploymentWorkflows = implement(
  DeploymentService,
  {
    ScheduleDesiredStateChange: schedule,
    ChangeDesiredState: change,
    SetDesiredState: setNow,
    TakeScheduledStateChange: () => take,
    ClearScheduledStateChanges: () => Effect.as(transition.clear, {})
  },
  { retry: pauseAfterRetries }
)
