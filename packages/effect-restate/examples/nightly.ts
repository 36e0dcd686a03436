import { Context, DateTime, Effect, Option, Schema } from "effect"
import { Contract, implement, key, send, stateCell, step } from "effect-restate"

export class Reports extends Context.Tag("example/Reports")<
  Reports,
  { readonly write: (report: string, day: string) => Effect.Effect<void> }
>() {}

/** A schedule per key, which is the name of its report. */
export const Nightly = Contract.object("Nightly", {
  Start: {},
  Stop: {},
  Run: { input: Schema.Number, ingress: "private" }
})

/** Counts starts and stops: a run that was sent before the latest of them finds another number, and is the last of its kind. */
const changes = stateCell("changes", Schema.Number)
const latest = Effect.map(changes.get, (stored) => Option.getOrElse(stored, () => 0))
const nextChange = Effect.gen(function* () {
  const change = (yield* latest) + 1
  yield* changes.set(change)
  return change
})

const sendNext = (change: number) =>
  Effect.gen(function* () {
    const now = yield* DateTime.now
    const midnight = DateTime.add(DateTime.startOf(now, "day"), { days: 1 })
    yield* send(Nightly, yield* key, "Run", change, { delay: DateTime.distance(now, midnight) })
  })

export const NightlyLive = implement(Nightly, {
  Start: () => Effect.flatMap(nextChange, sendNext),
  Stop: () => Effect.asVoid(nextChange),
  // The key is held while it runs, so a run that takes long delays the next one and never overlaps it.
  Run: (change) =>
    Effect.gen(function* () {
      if ((yield* latest) !== change) return
      const reports = yield* Reports
      const day = DateTime.formatIsoDateUtc(yield* DateTime.now)
      yield* step("write", reports.write(yield* key, day))
      yield* sendNext(change)
    })
})
