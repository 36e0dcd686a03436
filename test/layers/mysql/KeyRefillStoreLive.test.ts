import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import { MysqlPools } from "../../../src/layers/mysql/MysqlPools.ts"
import { KeyRefillStore } from "../../../src/services/keyRefill/KeyRefillStore.ts"
import { keyRow, seedKey } from "../../support/memory/keySeeds.ts"
import { World } from "../../support/memory/World.ts"
import { mysqlWorld } from "./MysqlWorld.ts"

const date = { day: "2026-02-27", dayOfMonth: 27, isLastOfMonth: false }
const request = { date, after: 0n, limit: 10, at: 1_700_000_000_000, except: new Set<string>() }
const refill = Effect.flatMap(KeyRefillStore, (store) => store.refillBatch(request))

/** Transactions that wait for a lock. */
const waiting = Effect.flatMap(MysqlPools, ({ primary: { sql } }) =>
  Effect.map(
    sql`SELECT COUNT(*) AS waiting FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'`,
    ([row]) => Number(row?.waiting)
  )
)

/** Changes `key_2` in a transaction that ends only once the refill waits for it. */
const changedMeanwhile = (set: string) =>
  Effect.gen(function* () {
    const { primary } = yield* MysqlPools
    yield* (yield* World).clear
    yield* Effect.forEach(["key_1", "key_2", "key_3"], (id) => seedKey(id, { remaining_requests: 4 }))
    const changed = yield* Deferred.make<void>()
    const mayEnd = yield* Deferred.make<void>()
    const change = yield* Effect.fork(
      primary.transaction(
        "change",
        Effect.gen(function* () {
          yield* primary.sql`UPDATE \`keys\` SET ${primary.sql.literal(set)} WHERE id = 'key_2'`
          yield* Deferred.succeed(changed, undefined)
          yield* Deferred.await(mayEnd)
        })
      )
    )
    yield* Deferred.await(changed)
    const refilling = yield* Effect.fork(refill)
    // The server refreshes only after 0.1 s without a query.
    yield* Effect.repeat(waiting, {
      until: (transactions) => transactions > 0,
      schedule: Schedule.spaced("200 millis")
    })
    yield* Deferred.succeed(mayEnd, undefined)
    yield* Fiber.join(change)
    return yield* Fiber.join(refilling)
  })

layer(mysqlWorld, { excludeTestServices: true })("a batch of refills that meets another writer", (it) => {
  it.effect("[W45] leaves a key as it is when its refill is switched off at that moment", () =>
    Effect.gen(function* () {
      const { refilled } = yield* changedMeanwhile("refill_amount = NULL")
      assert.strictEqual(refilled, 2)
      assert.deepInclude(yield* keyRow("key_2"), { refill_amount: null, remaining_requests: 4, last_refill_at: null })
      assert.lengthOf((yield* (yield* World).dump).audit_log, 2)
    })
  )

  it.effect("[W45] leaves a key alone that is deleted at that moment", () =>
    Effect.gen(function* () {
      const { refilled } = yield* changedMeanwhile("deleted_at_m = 1")
      assert.strictEqual(refilled, 2)
      assert.deepInclude(yield* keyRow("key_2"), { remaining_requests: 4, last_refill_at: null })
    })
  )

  it.effect("writes down what was left at the moment of the refill, not what it saw before", () =>
    Effect.gen(function* () {
      const { refilled } = yield* changedMeanwhile("remaining_requests = 3")
      assert.strictEqual(refilled, 3)
      const { audit_log_target } = yield* (yield* World).dump
      assert.deepInclude(
        audit_log_target.find(({ id }) => id === "key_2"),
        { meta: { refill_amount: 100, previous_remaining: 3, new_remaining: 100 } }
      )
    })
  )
})
