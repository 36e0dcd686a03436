import { Context, Cron, DateTime, Effect } from "effect"
import { Contract, Firing, implement, key, recurring, step } from "effect-restate"

export class Reports extends Context.Tag("example/Reports")<
  Reports,
  { readonly write: (report: string, day: string) => Effect.Effect<void> }
>() {}

/** A schedule per key, which is the name of its report. */
export const Nightly = Contract.object("Nightly", {
  Start: {},
  Stop: {},
  Run: { input: Firing, ingress: "private" }
})

const nightly = recurring(Nightly, "Run", Cron.unsafeParse("0 0 * * *", "UTC"))

export const NightlyLive = implement(Nightly, {
  Start: () => nightly.start,
  Stop: () => nightly.stop,
  Run: (firing) =>
    nightly.fired(
      firing,
      Effect.gen(function* () {
        const reports = yield* Reports
        const day = DateTime.formatIsoDateUtc(DateTime.unsafeMake(firing.due))
        yield* step("write", reports.write(yield* key, day))
      })
    )
})
