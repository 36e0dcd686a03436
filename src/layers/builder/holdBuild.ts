import { randomUUID } from "node:crypto"
import { Clock, Data, Duration, Effect, Option } from "effect"
import type { BuildOutcome } from "../../services/Builder.ts"
import type { BuildLedger, BuildRenewal } from "../../services/BuildLedger.ts"
import type { DbFailure } from "../../services/Db.ts"

/** The build was lost with the daemon, the connection or the claim that it ran under. It may be started again. */
export class BuildLost extends Data.TaggedError("BuildLost")<{ readonly text: string }> {
  override get message(): string {
    return this.text
  }
}

export interface LeaseTimes {
  /** How long a worker that is not heard of keeps its build, and how long it goes on without the database. */
  readonly lease: Duration.Duration
  /** Between two renewals: what a cancellation from elsewhere waits for. */
  readonly renewEvery: Duration.Duration
}

/** A build that is this worker's, for as long as the ledger says so. */
export interface Hold {
  /** What an owner before left at the builder, to be finished before anything else. */
  readonly orphan: string | null
  /** Notes what the builder calls the build, null once that is finished. Fails when it cannot be noted. */
  readonly noteExternal: (externalBuildId: string | null) => Effect.Effect<void, BuildLost>
  /** Whether cleaning up is still this worker's business; renews the lease when it is. */
  readonly isHeld: Effect.Effect<boolean>
  /** Renews until the build has to stop, and says why. */
  readonly keep: Effect.Effect<Exclude<BuildRenewal, "held">>
  /** False: the ledger does not take the outcome, for another claim or a cancellation came first. */
  readonly end: (outcome: BuildOutcome) => Effect.Effect<boolean, DbUnanswered>
  readonly release: Effect.Effect<void>
}

/** The database did not answer, or not in time. */
export class DbUnanswered extends Data.TaggedError("DbUnanswered") {}

/** Before the lease ends in the ledger a build must have been stopped here: one message to the daemon and some to spare. */
const stopMargin = Duration.seconds(5)
/** A connection that is silent is given up after that, so that the next renewal takes another one. */
const answerTimeout = Duration.seconds(5)

/** Waits for an answer no longer than that, in a finalizer as well. */
const answered = <A>(effect: Effect.Effect<A, DbFailure>, timeout: Duration.Duration): Effect.Effect<A, DbUnanswered> =>
  effect.pipe(
    Effect.disconnect,
    Effect.interruptible,
    Effect.timeout(timeout),
    Effect.mapError(() => new DbUnanswered())
  )

const toNanos = (duration: Duration.Duration) => BigInt(Math.round(Duration.toMillis(duration) * 1e6))

/**
 * Claims a build; none when it is somebody else's or has ended. The lease begins in the ledger after it was asked for, so
 * that counting from the question, on a clock that only runs forward, this worker stops before anybody can take over.
 */
export const holdBuild = (
  ledger: BuildLedger["Type"],
  { lease, renewEvery }: LeaseTimes,
  buildId: string,
  detail: () => string
): Effect.Effect<Option.Option<Hold>, DbUnanswered> =>
  Effect.gen(function* () {
    const hold = { buildId, owner: randomUUID() }
    let heldUntil = 0n
    const extendFrom = (askedAt: bigint) => {
      heldUntil = askedAt + toNanos(lease) - toNanos(stopMargin)
    }
    const left = Effect.map(Clock.currentTimeNanos, (now) => Duration.nanos(heldUntil > now ? heldUntil - now : 0n))
    const isOver = (duration: Duration.Duration) => Duration.lessThanOrEqualTo(duration, Duration.zero)

    const renew = Effect.gen(function* () {
      const askedAt = yield* Clock.currentTimeNanos
      const renewal = yield* answered(ledger.renew({ ...hold, lease, detail: detail() }), answerTimeout)
      if (renewal === "held") extendFrom(askedAt)
      return renewal
    })

    const keep = Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(Duration.min(renewEvery, yield* left))
        const remaining = yield* left
        if (isOver(remaining)) return "lost"
        const renewal = yield* renew.pipe(Effect.disconnect, Effect.timeout(remaining), Effect.option)
        if (Option.isSome(renewal) && renewal.value !== "held") return renewal.value
      }
    })

    const askedAt = yield* Clock.currentTimeNanos
    // The database retries for as long as it takes; the step that asks has its own limit.
    const claim = yield* Effect.mapError(ledger.claim({ ...hold, lease, detail: detail() }), () => new DbUnanswered())
    if (claim._tag !== "Claimed") return Option.none()
    extendFrom(askedAt)

    return Option.some<Hold>({
      orphan: claim.orphan,
      noteExternal: (externalBuildId) =>
        answered(ledger.noteExternal({ ...hold, externalBuildId }), answerTimeout).pipe(
          Effect.mapError(() => new BuildLost({ text: "the ledger does not answer" })),
          Effect.filterOrFail(
            (isNoted) => isNoted,
            () => new BuildLost({ text: "another worker has taken the build over" })
          ),
          Effect.asVoid
        ),
      isHeld: Effect.catchAll(
        Effect.map(renew, (renewal) => renewal !== "lost"),
        () => Effect.map(left, (remaining) => !isOver(remaining))
      ),
      keep,
      end: (outcome) => answered(ledger.end({ ...hold, outcome }), answerTimeout),
      release: Effect.ignore(answered(ledger.release(hold), answerTimeout))
    })
  })
