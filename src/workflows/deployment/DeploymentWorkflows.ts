import { Clock, type Context, Effect, Either, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { annotate, implement, key, send, stateCell, uuid } from "effect-restate"
import { DeploymentService } from "../../contract/DeploymentService.ts"
import { DeploymentIsLive, InvalidRequest, NotFound } from "../../contract/errors.ts"
import { type DesiredState, DesiredStateChange } from "../../services/deploy/Deployment.ts"
import { DeploymentStore } from "../../services/deploy/DeploymentStore.ts"
import { TransitionState } from "../compat/transitionState.ts"
import { databaseStep } from "../databaseStep.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { publishChanges } from "../versioning/publishChanges.ts"

type ScheduleInput = Input<typeof DeploymentService, "ScheduleDesiredStateChange">
type ChangeInput = Input<typeof DeploymentService, "ChangeDesiredState">

/** Regions in parallel; bounds the fan-out of one invocation. */
const regionsAtOnce = 8
const transition = stateCell("transition", TransitionState)

/** Replaces the scheduled change: a change runs only while its nonce is the latest. */
const scheduleChange = ({ delayMillis, state }: ScheduleInput) =>
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

const requireState = (state: ChangeInput["state"]) =>
  state === "unspecified"
    ? Effect.fail(new InvalidRequest({ field: "state", problem: "must be a desired state" }))
    : Effect.succeed(state)

const runScheduledChange = ({ nonce, state }: ChangeInput) =>
  Effect.gen(function* () {
    const scheduled = yield* transition.get
    if (Option.isNone(scheduled) || scheduled.value.nonce !== nonce) return {}
    // Cleared first: the change runs once, also when it fails.
    yield* transition.clear
    yield* applyDesiredState(yield* requireState(state))
    return {}
  })

/** A caller that stops waiting cancels this invocation. Uninterruptible, so that row and topology agree. */
const setNow = ({ state }: Input<typeof DeploymentService, "SetDesiredState">) =>
  Effect.gen(function* () {
    const desired = yield* requireState(state)
    yield* transition.clear
    yield* Effect.uninterruptible(applyDesiredState(desired))
    return {}
  })

const takeScheduled = Effect.gen(function* () {
  const scheduled = yield* transition.get
  yield* transition.clear
  return { state: Option.match(scheduled, { onNone: () => "unspecified" as const, onSome: ({ to }) => to }) }
})

const DeploymentTopology = Schema.Struct({
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  regions: Schema.Array(Schema.String)
})

/** The deployment's owner and the regions with its topology. No regions when its row was deleted meanwhile. */
const loadTopology = (deployments: Context.Tag.Service<DeploymentStore>, deploymentId: string) =>
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

/** Changes the row first: krane's resync reads it, and a concurrent swap checks it under the same lock. */
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
    const deploymentTopology = yield* databaseStep("load-placement", loadTopology(deployments, deploymentId), {
      output: DeploymentTopology
    })
    const { projectId, workspaceId } = deploymentTopology
    if (projectId !== "") yield* annotate({ project_id: projectId, workspace_id: workspaceId })
    const topology = { replicas: 0, desiredStatus: desiredState === "running" ? "started" : "stopped" } as const
    const change = { topology, sentinel: null, policies: [] }
    const { environmentId, regions } = deploymentTopology
    const published = yield* Effect.forEach(
      regions,
      (region) => {
        const request = { region, workspaceId, projectId, environmentId, deploymentId, at }
        return Effect.either(publishChanges([{ request, change }]))
      },
      { concurrency: regionsAtOnce }
    )
    // A failing region does not block the others, but its error is the result of the change.
    yield* Either.all(published)
  })

/** Key: deployment. Holds it for two short transactions; waits are delayed messages. */
export const DeploymentWorkflows = implement(
  DeploymentService,
  {
    ScheduleDesiredStateChange: scheduleChange,
    ChangeDesiredState: runScheduledChange,
    SetDesiredState: setNow,
    TakeScheduledStateChange: () => takeScheduled,
    ClearScheduledStateChanges: () => Effect.as(transition.clear, {})
  },
  { retry: pauseAfterRetries, attributes: requestAttributes("deployment_id") }
)
