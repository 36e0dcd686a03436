import { Cause, Clock, Data, Duration, Effect, Exit, Fiber, Option, type Scope } from "effect"
import { BuilderUnavailable, type BuildOutcome, type BuildState } from "../../services/Builder.ts"

/** The build was lost with the daemon or the connection that ran it. It may be started again. */
export class BuildLost extends Data.TaggedError("BuildLost")<{ readonly text: string }> {
  override get message(): string {
    return this.text
  }
}

/** Says what a build is doing; the last one counts. */
export type Report = (detail: string) => void

export interface BuildRunsOptions {
  /** A build that nobody polls or cancels any more must not run for ever. */
  readonly maxDuration: Duration.Duration
  /** How long an outcome is kept for whoever polls, and how many at most. */
  readonly retention: Duration.Duration
  readonly maxKept: number
}

interface Running {
  readonly _tag: "Running"
  detail: string
  /** Null for the moment between being registered and being forked. */
  fiber: Fiber.RuntimeFiber<void> | null
}

type Run = Running | { readonly _tag: "Ended"; readonly outcome: BuildOutcome; readonly at: number }

export interface BuildRuns {
  /** Whether a build of that id runs or has ended here. */
  readonly isKnown: (buildId: string) => Effect.Effect<boolean>
  /** Runs the build in the background unless one of that id is known. */
  readonly start: (
    buildId: string,
    build: (report: Report) => Effect.Effect<BuildOutcome, BuildLost>
  ) => Effect.Effect<void, BuilderUnavailable>
  readonly poll: (buildId: string) => Effect.Effect<BuildState>
  readonly cancel: (buildId: string) => Effect.Effect<void>
}

const maxDetail = 200
// Cancelling is one message to the daemon; what clean-up takes longer goes on without us.
const cancelTimeout = "10 seconds"

const cancelled: BuildOutcome = { _tag: "Failed", kind: "cancelled", message: "the build was cancelled" }
const timedOut = (limit: Duration.Duration): BuildOutcome => ({
  _tag: "Failed",
  kind: "timed_out",
  message: `the build took longer than ${Duration.format(limit)}`
})

/**
 * The builds of this process by id: at most one each. They end with the scope, which cancels what still runs. An outcome
 * is kept for a while; a lost build is forgotten, so that polling it says that nobody knows it.
 */
export const makeBuildRuns = (options: BuildRunsOptions): Effect.Effect<BuildRuns, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const runs = new Map<string, Run>()
    let closing = false
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        closing = true
      })
    )

    /** Insertion order is the order of ending: the oldest outcomes come first. */
    const forgetOld = (now: number) => {
      const ended = [...runs].filter(([, run]) => run._tag === "Ended")
      for (const [index, [buildId, run]] of ended.entries()) {
        const isOld = run._tag === "Ended" && now - run.at > Duration.toMillis(options.retention)
        if (isOld || ended.length - index > options.maxKept) runs.delete(buildId)
      }
    }

    const end = (buildId: string, outcome: BuildOutcome) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        runs.delete(buildId)
        forgetOld(at)
        runs.set(buildId, { _tag: "Ended", outcome, at })
      })

    const settle = (buildId: string, exit: Exit.Exit<BuildOutcome, BuildLost>) => {
      // A cancelled build has its outcome already, and a worker that stops leaves it to the next one.
      if (Exit.isInterrupted(exit) || runs.get(buildId)?._tag === "Ended") return Effect.void
      if (Exit.isSuccess(exit)) return end(buildId, exit.value)
      return Effect.zipRight(
        Effect.sync(() => runs.delete(buildId)),
        Option.match(Cause.failureOption(exit.cause), {
          onSome: ({ text }) => Effect.logWarning("A build was lost", { problem: text.slice(0, maxDetail) }),
          onNone: () => Effect.logError("A build was lost to a defect", exit.cause)
        })
      )
    }

    const fork = (buildId: string, run: Running, build: (report: Report) => Effect.Effect<BuildOutcome, BuildLost>) =>
      Effect.gen(function* () {
        const report = (detail: string) => {
          run.detail = detail.slice(0, maxDetail)
        }
        run.fiber = yield* build(report).pipe(
          Effect.timeoutTo({
            duration: options.maxDuration,
            onSuccess: (outcome): BuildOutcome => outcome,
            onTimeout: () => timedOut(options.maxDuration)
          }),
          Effect.onExit((exit) => settle(buildId, exit)),
          Effect.asVoid,
          Effect.annotateLogs({ build: buildId }),
          // How it ended is in the state of the run, and was logged.
          Effect.catchAllCause(() => Effect.void),
          Effect.interruptible,
          Effect.forkIn(scope)
        )
        // Cancelled before there was anything to interrupt.
        if (runs.get(buildId) !== run) yield* Fiber.interruptFork(run.fiber)
      }).pipe(Effect.uninterruptible)

    const isKnown = (buildId: string) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        forgetOld(now)
        return runs.has(buildId)
      })

    return {
      isKnown,
      start: (buildId, build) =>
        Effect.suspend(() => {
          if (closing) return new BuilderUnavailable({ operation: "start", reason: "shutting-down" })
          if (runs.has(buildId)) return Effect.void
          const run: Running = { _tag: "Running", detail: "waiting for the builder", fiber: null }
          runs.set(buildId, run)
          return fork(buildId, run, build)
        }),
      poll: (buildId) =>
        Effect.map(isKnown(buildId), () => {
          const run = runs.get(buildId)
          if (run === undefined) return { _tag: "Unknown" }
          return run._tag === "Ended" ? run.outcome : { _tag: "Running", detail: run.detail }
        }),
      cancel: (buildId) =>
        Effect.gen(function* () {
          const run = runs.get(buildId)
          if (run?._tag === "Ended") return
          // Also for a build that is not known: a start that comes late must not begin what was cancelled.
          yield* end(buildId, cancelled)
          if (run === undefined || run.fiber === null) return
          yield* Fiber.interruptFork(run.fiber)
          yield* Fiber.await(run.fiber).pipe(Effect.interruptible, Effect.timeoutOption(cancelTimeout))
        }).pipe(Effect.uninterruptible)
    }
  })
