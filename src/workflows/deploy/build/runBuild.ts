import { Clock, Effect, Schema } from "effect"
import { call, step } from "effect-restate"
import { BuildSlotService } from "../../../contract/BuildSlotService.ts"
import { DeploymentFailed } from "../../../contract/errors.ts"
import { Builder, BuildRefused, type BuildRequest } from "../../../services/builds/Builder.ts"
import { logEvent } from "../../businessEvents.ts"
import { pollDelay } from "../awaitInstances.ts"
import { stepError } from "../stepError.ts"
import { BuildObservation, type BuildProgress, decideBuild } from "./buildProgress.ts"

/** The slot was reclaimed, because its lease was not renewed in time. The build must not continue. */
export class SlotLost extends Schema.TaggedError<SlotLost>()("SlotLost", {}) {}

const StartResult = Schema.Struct({
  at: Schema.Number,
  outcome: Schema.Literal("started", "unreachable", "expired"),
  /** Why the builder is unreachable. */
  reason: Schema.String
})

/** Does not start after the lease has expired: another deployment may have the slot. */
const startBuild = (request: BuildRequest, leaseEnds: number) =>
  Effect.gen(function* () {
    const builder = yield* Builder
    const begin = Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      if (at >= leaseEnds) return { at, outcome: "expired" as const, reason: "" }
      return yield* builder.start(request).pipe(
        Effect.as({ at, outcome: "started" as const, reason: "" }),
        Effect.catchTag("BuilderUnavailable", ({ reason }) =>
          Effect.succeed({ at, outcome: "unreachable" as const, reason })
        )
      )
    })
    return yield* step("start-build", begin, { output: StartResult, error: BuildRefused })
  })

/**
 * An unreachable builder is a result, not a retry, so that the deadline and a cancellation reach the deploy meanwhile.
 */
const pollBuild = (buildId: string) =>
  Effect.gen(function* () {
    const builder = yield* Builder
    const state = builder
      .poll(buildId)
      .pipe(
        Effect.catchTag("BuilderUnavailable", ({ reason }) => Effect.succeed({ _tag: "Unreachable" as const, reason }))
      )
    const both = Effect.map(Effect.all([Clock.currentTimeMillis, state]), ([at, seen]) => ({ at, state: seen }))
    return yield* step("check-build", both, { output: BuildObservation })
  })

const renewSlot = ({ buildId, deploymentId, workspaceId }: BuildRequest) =>
  Effect.flatMap(call(BuildSlotService, workspaceId, "Renew", { deploymentId, buildId }), ({ held, leaseEnds }) =>
    held ? Effect.succeed(leaseEnds) : new SlotLost()
  )

/** The builder's text goes into an answer and into the deployment's step. */
const failed = ({ deploymentId }: BuildRequest, problem: string) =>
  new DeploymentFailed({ deploymentId, step: "building", problem: stepError(problem) })

const logEnd = ({ buildId }: BuildRequest, elapsed: number, outcome: "succeeded" | "failed", reason?: string) =>
  logEvent("build.ended", {
    build_id: buildId,
    outcome,
    seconds: elapsed / 1000,
    ...(reason === undefined ? {} : { reason: stepError(reason) })
  })

const startNow = (request: BuildRequest, leaseEnds: number) =>
  startBuild(request, leaseEnds).pipe(
    Effect.catchTag("BuildRefused", ({ message }) => failed(request, message)),
    Effect.filterOrFail(
      ({ outcome }) => outcome !== "expired",
      () => new SlotLost()
    ),
    Effect.tap(({ outcome }) =>
      outcome === "started"
        ? logEvent("build.started", {
            build_id: request.buildId,
            repository: request.repository,
            commit: request.commitSha
          })
        : Effect.void
    )
  )

/**
 * Starts a build and polls it until it has finished, without holding a key. A build that the builder lost is started
 * again under the same id. Fails with `SlotLost` when its slot was reclaimed.
 */
export const runBuild = (request: BuildRequest, lease: { readonly ends: number; readonly deadline: number }) =>
  Effect.gen(function* () {
    let leaseEnds = lease.ends
    const { at, outcome, reason: lastProblem } = yield* startNow(request, leaseEnds)
    let progress: BuildProgress = {
      startedAt: at,
      renewedAt: at,
      isStarted: outcome === "started",
      lastProblem,
      restarts: 0
    }
    let elapsed = 0
    for (;;) {
      yield* Effect.sleep(pollDelay(elapsed))
      const seen = yield* pollBuild(request.buildId)
      elapsed = seen.at - progress.startedAt
      // After the lease has expired, a failed build may be one that the reaper stopped: the failure is no evidence
      // about the source.
      if (seen.state._tag !== "Succeeded" && seen.at >= leaseEnds) {
        leaseEnds = yield* renewSlot(request)
        progress = { ...progress, renewedAt: seen.at }
      }
      const decision = decideBuild(progress, seen, lease.deadline)
      if (decision._tag === "Succeeded") return yield* Effect.as(logEnd(request, elapsed, "succeeded"), decision.built)
      if (decision._tag === "Failed")
        return yield* Effect.zipRight(
          logEnd(request, elapsed, "failed", decision.problem),
          failed(request, decision.problem)
        )
      if (decision.isRenewalDue) {
        leaseEnds = yield* renewSlot(request)
        progress = { ...progress, renewedAt: seen.at }
      }
      if (decision.isAgain) {
        const again = yield* startNow(request, leaseEnds)
        const restarts = progress.restarts + (progress.isStarted ? 1 : 0)
        progress = { ...progress, isStarted: again.outcome === "started", lastProblem: again.reason, restarts }
      }
    }
  })
