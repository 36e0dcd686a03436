import { Clock, Effect } from "effect"
import type { DbFailure } from "../services/Db.ts"
import { BackupFacts } from "./BackupFacts.ts"
import type { MeasuredFacts } from "./decideBackups.ts"
import type { RestateAdminError } from "./RestateAdmin.ts"

/** How far a server's clock is ahead of this machine's: compared with the middle of the call, so half a round trip off at most. */
const ahead = <E>(clock: Effect.Effect<number, E>): Effect.Effect<number, E> =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    const there = yield* clock
    const after = yield* Clock.currentTimeMillis
    return there - (before + after) / 2
  })

/** Reads both stores, one after the other. The first call of each opens its connection, so clocks come last. */
export const measureBackups: Effect.Effect<MeasuredFacts, DbFailure | RestateAdminError, BackupFacts> = Effect.gen(
  function* () {
    const facts = yield* BackupFacts
    const database = yield* facts.database
    const restate = yield* facts.restate
    const difference = (yield* ahead(facts.databaseClock)) - (yield* ahead(facts.restateClock))
    return { database, restate, clockDifference: Math.round(difference) }
  }
)
