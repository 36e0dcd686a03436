import { Cause, Duration, Effect, ExecutionStrategy, Exit, Fiber, Option, Schedule, Scope } from "effect"
import { BuilderUnavailable, type BuildOutcome, type BuildState } from "../../services/builds/Builder.ts"
import type { BuildLedger } from "../../services/builds/BuildLedger.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import { acquireBuildLease, type BuildLease, type BuildLost, type LeaseTimes } from "./buildLease.ts"

/** Reports a build's progress; the last report is shown. */
export type Report = (detail: string) => void

export interface BuildRunsOptions extends LeaseTimes {
  /** Limit for a build that no caller polls or cancels. */
  readonly maxDuration: Duration.Duration
  /** How long an outcome can be polled. */
  readonly retention: Duration.Duration
}

/** One build, from start to outcome. It stops and cleans up when interrupted. */
export type BuildTask = (report: Report, hold: BuildLease) => Effect.Effect<BuildOutcome, BuildLost>

interface Run {
  detail: string
  /** Null between registration and fork. */
  fiber: Fiber.RuntimeFiber<void> | null
}

export interface BuildRuns {
  /** Whether any worker runs or has finished a build of that id. */
  readonly isKnown: (buildId: string) => Effect.Effect<boolean, BuilderUnavailable>
  /** Runs the build in the background unless its id is known. */
  readonly start: (buildId: string, work: BuildTask) => Effect.Effect<void, BuilderUnavailable>
  readonly poll: (buildId: string) => Effect.Effect<BuildState, BuilderUnavailable>
  readonly cancel: (buildId: string) => Effect.Effect<void, BuilderUnavailable>
}

/** How a build's fiber ended without interruption. */
type Ending =
  | { readonly _tag: "Ended"; readonly outcome: BuildOutcome }
  | { readonly _tag: "Stopped"; readonly why: "cancelled" | "lost" }

/** Width of `ctrl_worker_builds.detail`. */
const maxDetail = 200
// Cancelling sends one message to the daemon; longer clean-up continues in the background.
const cancelTimeout = "10 seconds"
/** How long a pushed image waits for the database to record it; until then it need not be built again. */
const saveRetries = { every: Duration.seconds(2), times: 150 }

const timedOut = (limit: Duration.Duration): BuildOutcome => ({
  _tag: "Failed",
  kind: "timed_out",
  message: `the build took longer than ${Duration.format(limit)}`
})

const unavailable = (operation: BuilderUnavailable["operation"]) => () =>
  new BuilderUnavailable({ operation, reason: "unavailable" })

const oneLine = (detail: string) => firstCodePoints(detail.replace(/\s+/g, " "), maxDetail)

const saveOutcome = (hold: BuildLease, outcome: BuildOutcome, isClosing: () => boolean) =>
  hold.end(outcome).pipe(
    Effect.retry({
      schedule: Schedule.spaced(saveRetries.every),
      times: saveRetries.times,
      while: () => !isClosing()
    }),
    Effect.matchEffect({
      onFailure: () => Effect.logWarning("The outcome of a build could not be stored: it may be built again"),
      onSuccess: (isKept) =>
        isKept ? Effect.void : Effect.logInfo("A build ended after it was cancelled or taken over")
    })
  )

/** Records the end of the build, whatever it was. A worker that shuts down releases the build for another one. */
const recordEnd = (hold: BuildLease, exit: Exit.Exit<Ending, BuildLost>, isClosing: () => boolean) => {
  if (Exit.isSuccess(exit)) {
    if (exit.value._tag === "Ended") return saveOutcome(hold, exit.value.outcome, isClosing)
    return exit.value.why === "cancelled"
      ? hold.release
      : Effect.logWarning("A build was stopped: its lease was not renewed in time, or another worker has it")
  }
  if (Exit.isInterrupted(exit)) return hold.release
  const told = Option.match(Cause.failureOption(exit.cause), {
    onSome: ({ text }) => Effect.logWarning("A build was lost", { problem: firstCodePoints(text, maxDetail) }),
    onNone: () => Effect.logError("A build was lost to a defect", exit.cause)
  })
  return Effect.zipRight(told, hold.release)
}

/** Waits for the end of the build or a reason to stop it. Keeps the lease while it cleans up. */
const supervise = (work: Effect.Effect<BuildOutcome, BuildLost>, hold: BuildLease, maxDuration: Duration.Duration) => {
  const building = work.pipe(
    Effect.timeoutTo({
      duration: maxDuration,
      onSuccess: (outcome): BuildOutcome => outcome,
      onTimeout: () => timedOut(maxDuration)
    }),
    Effect.map((outcome): Ending => ({ _tag: "Ended", outcome }))
  )
  return Effect.raceFirst(
    building,
    Effect.map(hold.keep, (why): Ending => ({ _tag: "Stopped", why }))
  )
}

/** The builds that run here, by their id. */
type Running = Map<string, Run>

interface SupervisedBuild {
  readonly task: BuildTask
  readonly maxDuration: Duration.Duration
  readonly isClosing: () => boolean
  readonly scope: Scope.Scope
}

/** Runs a build until it ends or loses its lease, and records the end. Interrupting the fiber stops the build. */
const runToEnd = (runs: Running, buildId: string, run: Run, hold: BuildLease, build: SupervisedBuild) =>
  Effect.gen(function* () {
    const report = (detail: string) => {
      run.detail = oneLine(detail)
    }
    runs.set(buildId, run)
    run.fiber = yield* supervise(build.task(report, hold), hold, build.maxDuration).pipe(
      Effect.interruptible,
      Effect.onExit((exit) => recordEnd(hold, exit, build.isClosing)),
      Effect.ensuring(
        Effect.sync(() => {
          if (runs.get(buildId) === run) runs.delete(buildId)
        })
      ),
      Effect.asVoid,
      Effect.annotateLogs({ build_id: buildId }),
      // The ledger and the log have the result.
      Effect.catchAllCause(() => Effect.void),
      Effect.forkIn(build.scope)
    )
  })

const cancelRun = (ledger: BuildLedger["Type"], runs: Running, buildId: string) =>
  Effect.gen(function* () {
    // Also for an unknown build: a delayed start must not begin a cancelled build.
    yield* Effect.mapError(ledger.requestCancel(buildId), unavailable("cancel"))
    const fiber = runs.get(buildId)?.fiber
    if (!fiber) return
    yield* Fiber.interruptFork(fiber)
    yield* Effect.timeoutOption(Fiber.await(fiber), cancelTimeout)
  })

/**
 * The builds of this process. Each holds a lease in the ledger that all workers share: at most one worker runs a build, and any
 * can answer for it. Closing the scope stops running builds and releases them.
 */
export const makeBuildRuns = (
  ledger: BuildLedger["Type"],
  options: BuildRunsOptions
): Effect.Effect<BuildRuns, never, Scope.Scope> =>
  Effect.gen(function* () {
    const runs: Running = new Map()
    let closing = false
    const isClosing = () => closing
    const scope = yield* Effect.acquireRelease(Scope.make(ExecutionStrategy.parallel), (builds, exit) => {
      closing = true
      return Scope.close(builds, exit)
    })

    const start = (buildId: string, task: BuildTask) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const shuttingDown = new BuilderUnavailable({ operation: "start", reason: "shutting-down" })
          if (closing) return yield* shuttingDown
          const run: Run = { detail: "waiting for the builder", fiber: null }
          const claimed = yield* restore(acquireBuildLease(ledger, options, buildId, () => run.detail)).pipe(
            Effect.mapError(unavailable("start"))
          )
          if (Option.isNone(claimed)) return
          if (isClosing()) return yield* Effect.zipRight(claimed.value.release, shuttingDown)
          const build = { task, maxDuration: options.maxDuration, isClosing, scope }
          yield* runToEnd(runs, buildId, run, claimed.value, build)
          yield* Effect.forkIn(Effect.ignore(Effect.interruptible(ledger.deleteExpired(options.retention))), scope)
        })
      )

    const state = (operation: "start" | "poll") => (buildId: string) =>
      Effect.mapError(ledger.state(buildId), unavailable(operation))

    return {
      isKnown: (buildId) => Effect.map(state("start")(buildId), ({ _tag }) => _tag !== "Unknown"),
      start,
      poll: (buildId) =>
        Effect.map(state("poll")(buildId), (seen) =>
          // This process has newer progress than the ledger, which is updated with each renewal.
          seen._tag === "Running" ? { ...seen, detail: runs.get(buildId)?.detail ?? seen.detail } : seen
        ),
      cancel: (buildId) => cancelRun(ledger, runs, buildId)
    }
  })
