import { randomUUID } from "node:crypto"
import { Clock, Data, Duration, Effect, Option } from "effect"
import type { BuildOutcome } from "../../services/builds/Builder.ts"
import type { BuildLedger, RenewalResult } from "../../services/builds/BuildLedger.ts"
import type { DbFailure } from "../../services/Db.ts"

/** The build was lost with its daemon, connection or lease. It may be started again. */
export class BuildLost extends Data.TaggedError("BuildLost")<{ readonly text: string }> {
  override get message(): string {
    return this.text
  }
}

export interface LeaseTimes {
  /** Lease duration: how long a silent worker keeps its build, and how long it continues without the database. */
  readonly lease: Duration.Duration
  /** Renewal interval, and so the delay of a cancellation by another worker. */
  readonly renewEvery: Duration.Duration
}

/** A build leased to this worker. */
export interface BuildLease {
  /** External id of a build that a previous owner left unfinished; finish it first. */
  readonly orphan: string | null
  /** Records the builder's id of the build, null once it is finished. Fails if it cannot be recorded. */
  readonly noteExternal: (externalBuildId: string | null) => Effect.Effect<void, BuildLost>
  /** Whether this worker still owns the build and its clean-up; renews the lease. */
  readonly isHeld: Effect.Effect<boolean>
  /** Renews the lease until the build must stop; returns the reason. */
  readonly keep: Effect.Effect<Exclude<RenewalResult, "held">>
  /** Returns false if another claim or a cancellation came first. */
  readonly end: (outcome: BuildOutcome) => Effect.Effect<boolean, LedgerUnavailable>
  readonly release: Effect.Effect<void>
}

/** The ledger's database is unavailable or too slow. */
export class LedgerUnavailable extends Data.TaggedError("DbUnanswered") {}

/** Margin to stop the build before the lease expires: one message to the daemon, with reserve. */
const stopMargin = Duration.seconds(5)
/** Timeout of a silent connection, so that the next renewal uses another one. */
const answerTimeout = Duration.seconds(5)

/** Limits a query's time, also in a finalizer. */
const withTimeout = <A>(
  effect: Effect.Effect<A, DbFailure>,
  timeout: Duration.Duration
): Effect.Effect<A, LedgerUnavailable> =>
  effect.pipe(
    Effect.disconnect,
    Effect.interruptible,
    Effect.timeout(timeout),
    Effect.mapError(() => new LedgerUnavailable())
  )

const toNanos = (duration: Duration.Duration) => BigInt(Math.round(Duration.toMillis(duration) * 1e6))

const isOver = (duration: Duration.Duration) => Duration.lessThanOrEqualTo(duration, Duration.zero)

interface Hold {
  readonly buildId: string
  readonly owner: string
}

/** What a held build may write to the ledger, each within `answerTimeout`. */
const ledgerWrites = (ledger: BuildLedger["Type"], hold: Hold) =>
  ({
    noteExternal: (externalBuildId) =>
      withTimeout(ledger.recordExternalId({ ...hold, externalBuildId }), answerTimeout).pipe(
        Effect.mapError(() => new BuildLost({ text: "the ledger does not answer" })),
        Effect.filterOrFail(
          (isNoted) => isNoted,
          () => new BuildLost({ text: "another worker has taken the build over" })
        ),
        Effect.asVoid
      ),
    end: (outcome) => withTimeout(ledger.recordOutcome({ ...hold, outcome }), answerTimeout),
    release: Effect.ignore(withTimeout(ledger.release(hold), answerTimeout))
  }) satisfies Partial<BuildLease>

/**
 * Claims a build; None if another worker has it or it has ended. The ledger's lease starts after the request was sent. This
 * worker counts from the time of the request, on a monotonic clock, so it stops before another can take over.
 */
export const acquireBuildLease = (
  ledger: BuildLedger["Type"],
  { lease, renewEvery }: LeaseTimes,
  buildId: string,
  detail: () => string
): Effect.Effect<Option.Option<BuildLease>, LedgerUnavailable> =>
  Effect.gen(function* () {
    const hold: Hold = { buildId, owner: randomUUID() }
    let heldUntil = 0n
    const extendFrom = (askedAt: bigint) => {
      heldUntil = askedAt + toNanos(lease) - toNanos(stopMargin)
    }
    const left = Effect.map(Clock.currentTimeNanos, (now) => Duration.nanos(heldUntil > now ? heldUntil - now : 0n))

    const renew = Effect.gen(function* () {
      const askedAt = yield* Clock.currentTimeNanos
      const renewal = yield* withTimeout(ledger.renew({ ...hold, duration: lease, detail: detail() }), answerTimeout)
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
    // The database layer retries; the calling step has its own time limit.
    const claim = yield* Effect.mapError(
      ledger.claim({ ...hold, duration: lease, detail: detail() }),
      () => new LedgerUnavailable()
    )
    if (claim._tag !== "Claimed") return Option.none()
    extendFrom(askedAt)

    return Option.some<BuildLease>({
      ...ledgerWrites(ledger, hold),
      orphan: claim.orphan,
      isHeld: Effect.catchAll(
        Effect.map(renew, (renewal) => renewal !== "lost"),
        () => Effect.map(left, (remaining) => !isOver(remaining))
      ),
      keep
    })
  })
