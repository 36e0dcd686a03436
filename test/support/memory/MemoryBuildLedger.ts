import { Clock, Duration, Effect, Layer, Ref } from "effect"
import type { BuildOutcome } from "../../../src/services/builds/Builder.ts"
import {
  type BuildLeaseKey,
  BuildLedger,
  type ClaimResult,
  cancelledOutcome,
  type RenewalResult
} from "../../../src/services/builds/BuildLedger.ts"

interface Row {
  readonly owner: string
  readonly leaseUntil: number
  readonly detail: string
  readonly external: string | null
  readonly outcome: BuildOutcome | null
}
type Rows = ReadonlyMap<string, Row>

const sweepLimit = 100

/** Uses the clock of its creation, independent of its callers', as a database does. */
export const makeMemoryBuildLedger: Effect.Effect<BuildLedger["Type"]> = Effect.gen(function* () {
  const clock = yield* Clock.clockWith(Effect.succeed)
  const rows = yield* Ref.make<Rows>(new Map())

  /** Replaces a row, or inserts it, and returns a result. */
  const change = <A>(buildId: string, act: (row: Row | undefined, now: number) => readonly [A, Row | undefined]) =>
    Effect.flatMap(clock.currentTimeMillis, (now) =>
      Ref.modify(rows, (before): readonly [A, Rows] => {
        const [answer, row] = act(before.get(buildId), now)
        return [answer, row === undefined ? before : new Map([...before, [buildId, row]])]
      })
    )

  const changeOwn = <A>(
    { buildId, owner }: BuildLeaseKey,
    act: (row: Row, now: number) => readonly [A, Row],
    otherwise: A
  ) => change<A>(buildId, (row, now) => (row?.owner === owner ? act(row, now) : [otherwise, undefined]))

  return BuildLedger.of({
    claim: ({ buildId, detail, duration, owner }) =>
      change<ClaimResult>(buildId, (row, now) => {
        if (row !== undefined && row.outcome !== null) return [{ _tag: "Ended" }, undefined]
        if (row?.owner === owner) return [{ _tag: "Claimed", orphan: row.external }, undefined]
        if (row !== undefined && row.leaseUntil > now) return [{ _tag: "Running" }, undefined]
        const external = row?.external ?? null
        const leaseUntil = now + Duration.toMillis(duration)
        return [
          { _tag: "Claimed", orphan: external },
          { owner, leaseUntil, detail, external, outcome: null }
        ]
      }),
    renew: ({ detail, duration, ...hold }) =>
      changeOwn<RenewalResult>(
        hold,
        (row, now) =>
          row.outcome === null
            ? ["held", { ...row, detail, leaseUntil: now + Duration.toMillis(duration) }]
            : ["cancelled", row],
        "lost"
      ),
    recordExternalId: ({ externalBuildId, ...hold }) =>
      changeOwn(hold, (row) => [true, { ...row, external: externalBuildId }], false),
    recordOutcome: ({ outcome, ...hold }) =>
      changeOwn(
        hold,
        (row, now) =>
          row.outcome === null
            ? [true, { ...row, outcome, leaseUntil: now }]
            : [JSON.stringify(row.outcome) === JSON.stringify(outcome), row],
        false
      ),
    release: (hold) =>
      changeOwn<void>(
        hold,
        (row, now) => [undefined, { ...row, leaseUntil: Math.min(row.leaseUntil, now) }],
        undefined
      ),
    requestCancel: (buildId) =>
      change<void>(buildId, (row, now) => [
        undefined,
        row === undefined
          ? { owner: "", leaseUntil: now, detail: "", external: null, outcome: cancelledOutcome }
          : { ...row, outcome: row.outcome ?? cancelledOutcome }
      ]),
    state: (buildId) =>
      Effect.map(Effect.all([clock.currentTimeMillis, Ref.get(rows)]), ([now, all]) => {
        const row = all.get(buildId)
        if (row === undefined) return { _tag: "Unknown" }
        if (row.outcome !== null) return row.outcome
        return row.leaseUntil > now ? { _tag: "Running", detail: row.detail } : { _tag: "Unknown" }
      }),
    deleteExpired: (retention) =>
      Effect.flatMap(clock.currentTimeMillis, (now) =>
        Ref.modify(rows, (before): readonly [number, Rows] => {
          const old = [...before]
            .filter(([, row]) => row.leaseUntil <= now - Duration.toMillis(retention))
            .toSorted(([, one], [, other]) => one.leaseUntil - other.leaseUntil)
            .slice(0, sweepLimit)
            .map(([buildId]) => buildId)
          return [old.length, new Map([...before].filter(([buildId]) => !old.includes(buildId)))]
        })
      )
  })
})

export const MemoryBuildLedger = Layer.effect(BuildLedger, makeMemoryBuildLedger)
