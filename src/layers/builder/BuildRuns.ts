import { Cause, Duration, Effect, ExecutionStrategy, Exit, Fiber, Option, Schedule, Scope } from "effect"
import { BuilderUnavailable, type BuildOutcome, type BuildState } from "../../services/Builder.ts"
import type { BuildLedger } from "../../services/BuildLedger.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import { type BuildLost, type Hold, holdBuild, type LeaseTimes } from "./holdBuild.ts"

/** Says what a build is doing; the last one counts. */
export type Report = (detail: string) => void

export interface BuildRunsOptions extends LeaseTimes {
  /** A build that nobody polls or cancels any more must not run for ever. */
  readonly maxDuration: Duration.Duration
  /** How long an outcome is kept for whoever polls. */
  readonly retention: Duration.Duration
}

/** One build, from its first word to the outcome. It stops, cleaned up, when it is interrupted. */
export type Work = (report: Report, hold: Hold) => Effect.Effect<BuildOutcome, BuildLost>

interface Run {
  detail: string
  /** Null for the moment between being registered and being forked. */
  fiber: Fiber.RuntimeFiber<void> | null
}

export interface BuildRuns {
  /** Whether a build of that id runs or has ended anywhere. */
  readonly isKnown: (buildId: string) => Effect.Effect<boolean, BuilderUnavailable>
  /** Runs the build in the background unless one of that id is known. */
  readonly start: (buildId: string, work: Work) => Effect.Effect<void, BuilderUnavailable>
  readonly poll: (buildId: string) => Effect.Effect<BuildState, BuilderUnavailable>
  readonly cancel: (buildId: string) => Effect.Effect<void, BuilderUnavailable>
}

/** How a build's fiber came to its end by itself. */
type Ending =
  | { readonly _tag: "Ended"; readonly outcome: BuildOutcome }
  | { readonly _tag: "Stopped"; readonly why: "cancelled" | "lost" }

/** Width of `ctrl_worker_builds.detail`. */
const maxDetail = 200
// Cancelling is one message to the daemon; what clean-up takes longer goes on without us.
const cancelTimeout = "10 seconds"
/** An image that is pushed waits so long for a database to note it; until then nobody need build it again. */
const endTries = { every: Duration.seconds(2), times: 150 }

const timedOut = (limit: Duration.Duration): BuildOutcome => ({
  _tag: "Failed",
  kind: "timed_out",
  message: `the build took longer than ${Duration.format(limit)}`
})

const unavailable = (operation: BuilderUnavailable["operation"]) => () =>
  new BuilderUnavailable({ operation, reason: "unavailable" })

const oneLine = (detail: string) => firstCodePoints(detail.replace(/\s+/g, " "), maxDetail)

const keepOutcome = (hold: Hold, outcome: BuildOutcome, isClosing: () => boolean) =>
  hold.end(outcome).pipe(
    Effect.retry({
      schedule: Schedule.spaced(endTries.every),
      times: endTries.times,
      while: () => !isClosing()
    }),
    Effect.matchEffect({
      onFailure: () => Effect.logWarning("The outcome of a build could not be kept: it may be built again"),
      onSuccess: (isKept) =>
        isKept ? Effect.void : Effect.logInfo("A build ended after it was cancelled or taken over")
    })
  )

/** What the ledger learns of the end, whatever it was. A worker that stops leaves the build to the next one. */
const settle = (hold: Hold, exit: Exit.Exit<Ending, BuildLost>, isClosing: () => boolean) => {
  if (Exit.isSuccess(exit)) {
    if (exit.value._tag === "Ended") return keepOutcome(hold, exit.value.outcome, isClosing)
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

/** Whichever comes first: the end of the build, or the reason to stop it. The lease is kept while it cleans up. */
const supervise = (work: Effect.Effect<BuildOutcome, BuildLost>, hold: Hold, maxDuration: Duration.Duration) => {
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

/**
 * The builds of this process, each under a claim in the ledger that all processes share: a build runs in one of them at
 * most, and any of them can be asked for it. They end with the scope, which stops what still runs and gives it back.
 */
export const makeBuildRuns = (
  ledger: BuildLedger["Type"],
  options: BuildRunsOptions
): Effect.Effect<BuildRuns, never, Scope.Scope> =>
  Effect.gen(function* () {
    const runs = new Map<string, Run>()
    let closing = false
    const isClosing = () => closing
    const scope = yield* Effect.acquireRelease(Scope.make(ExecutionStrategy.parallel), (builds, exit) => {
      closing = true
      return Scope.close(builds, exit)
    })

    const fork = (buildId: string, run: Run, hold: Hold, work: Work) =>
      Effect.gen(function* () {
        const report = (detail: string) => {
          run.detail = oneLine(detail)
        }
        runs.set(buildId, run)
        run.fiber = yield* supervise(work(report, hold), hold, options.maxDuration).pipe(
          Effect.interruptible,
          Effect.onExit((exit) => settle(hold, exit, isClosing)),
          Effect.ensuring(
            Effect.sync(() => {
              if (runs.get(buildId) === run) runs.delete(buildId)
            })
          ),
          Effect.asVoid,
          Effect.annotateLogs({ build: buildId }),
          // How it ended is in the ledger, and was logged.
          Effect.catchAllCause(() => Effect.void),
          Effect.forkIn(scope)
        )
      })

    const start = (buildId: string, work: Work) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const shuttingDown = new BuilderUnavailable({ operation: "start", reason: "shutting-down" })
          if (closing) return yield* shuttingDown
          const run: Run = { detail: "waiting for the builder", fiber: null }
          const claimed = yield* restore(holdBuild(ledger, options, buildId, () => run.detail)).pipe(
            Effect.mapError(unavailable("start"))
          )
          if (Option.isNone(claimed)) return
          if (isClosing()) return yield* Effect.zipRight(claimed.value.release, shuttingDown)
          yield* fork(buildId, run, claimed.value, work)
          yield* Effect.forkIn(Effect.ignore(Effect.interruptible(ledger.sweep(options.retention))), scope)
        })
      )

    const state = (operation: "start" | "poll") => (buildId: string) =>
      Effect.mapError(ledger.state(buildId), unavailable(operation))

    return {
      isKnown: (buildId) => Effect.map(state("start")(buildId), ({ _tag }) => _tag !== "Unknown"),
      start,
      poll: (buildId) =>
        Effect.map(state("poll")(buildId), (seen) =>
          // Here it is known better than in the ledger, which learns it with the next renewal.
          seen._tag === "Running" ? { ...seen, detail: runs.get(buildId)?.detail ?? seen.detail } : seen
        ),
      cancel: (buildId) =>
        Effect.gen(function* () {
          // Also for a build that is not known: a start that comes late must not begin what was cancelled.
          yield* Effect.mapError(ledger.requestCancel(buildId), unavailable("cancel"))
          const fiber = runs.get(buildId)?.fiber
          if (!fiber) return
          yield* Fiber.interruptFork(fiber)
          yield* Effect.timeoutOption(Fiber.await(fiber), cancelTimeout)
        })
    }
  })
