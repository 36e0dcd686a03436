import { assert, layer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { KeyRefillStore, type RefillDate, type RefillRequest } from "../../src/services/keyRefill/KeyRefillStore.ts"
import { columns, fourBytes, integersOf } from "../support/columns.ts"
import { keyRow, seedKey } from "../support/memory/keySeeds.ts"
import { seededAt } from "../support/memory/seeds.ts"
import type { Tables } from "../support/memory/Tables.ts"
import { World } from "../support/memory/World.ts"

const at = Date.UTC(2026, 1, 27, 0, 0, 1, 234)
const rowsOf = Effect.flatMap(World, (world) => world.dump)
const ordinary: RefillDate = { day: "2026-02-27", dayOfMonth: 27, isLastOfMonth: false }
const next: RefillDate = { day: "2026-02-28", dayOfMonth: 28, isLastOfMonth: true }
const none: ReadonlySet<string> = new Set()

/** All batches, as the workflow requests them. Returns the sizes of non-empty batches. */
const refillAll = (date: RefillDate, options: Partial<RefillRequest> = {}) =>
  Effect.gen(function* () {
    const store = yield* KeyRefillStore
    const sizes: Array<number> = []
    let after = 0n
    for (let done = false; !done; ) {
      const batch = yield* store.refillBatch({ date, after, limit: 1000, at, except: none, ...options })
      assert.isTrue(batch.done || batch.cursor > after, "the cursor moves on")
      if (batch.refilled > 0) sizes.push(batch.refilled)
      after = batch.cursor
      done = batch.done
    }
    return sizes
  })

const ofKeys = columns.filter(({ table }) => table === "keys")

const untouched = { remaining_requests: 0, last_refill_at: null, updated_at_m: null }
const refilled = { remaining_requests: 100, last_refill_at: "2026-02-27 00:00:01.234", updated_at_m: at }

const due: ReadonlyArray<readonly [what: string, columns: Partial<Tables["keys"]>, isDue: boolean]> = [
  ["has no day", {}, true],
  ["is disabled", { enabled: false }, true],
  ["has the date's day", { refill_day: 27 }, true],
  ["has another day", { refill_day: 26 }, false],
  ["has a later day", { refill_day: 28 }, false],
  ["was deleted", { deleted_at_m: seededAt }, false],
  ["has no refill amount", { refill_amount: null }, false],
  ["is full", { remaining_requests: 100 }, false],
  ["has more than its amount", { remaining_requests: 101 }, false],
  ["has one request less than its amount", { remaining_requests: 99 }, true],
  ["counts nothing", { remaining_requests: null }, true],
  ["has overdrawn its amount", { remaining_requests: -5 }, true],
  ["was refilled the day before", { last_refill_at: "2026-02-26 00:00:01.000", remaining_requests: 3 }, true]
]

/** What every implementation of `KeyRefillStore` promises. */
export const keyRefillStoreContract = <E>(name: string, stores: Layer.Layer<KeyRefillStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`KeyRefillStore: ${name}`, (it) => {
    const guarantee = <A, E2>(sentence: string, body: Effect.Effect<A, E2, KeyRefillStore | World>) =>
      it.effect(sentence, () =>
        Effect.zipRight(
          Effect.flatMap(World, (world) => world.clear),
          body
        )
      )

    for (const [what, columns, isDue] of due)
      guarantee(
        `a key that ${what} is ${isDue ? "" : "not "}refilled`,
        Effect.gen(function* () {
          yield* seedKey("key_1", columns)
          const before = yield* keyRow("key_1")
          assert.deepStrictEqual(yield* refillAll(ordinary), isDue ? [1] : [])
          assert.deepStrictEqual(yield* keyRow("key_1"), isDue ? { ...before, ...refilled } : before)
        })
      )

    guarantee(
      "on the last day of a month, keys of that day and of later days are due, and on no other",
      Effect.gen(function* () {
        yield* Effect.forEach([27, 28, 29, 30, 31], (day) => seedKey(`key_${day}`, { refill_day: day }))
        assert.deepStrictEqual(yield* refillAll(next), [4])
        assert.deepInclude(yield* keyRow("key_27"), untouched)
        assert.deepStrictEqual(yield* refillAll(ordinary), [1])
      })
    )

    guarantee(
      "a refill writes the audit rows that readers expect",
      Effect.gen(function* () {
        yield* seedKey("key_1", { name: "production", remaining_requests: 7, workspace_id: "ws_1" })
        yield* refillAll(ordinary)
        const { audit_log, audit_log_target } = yield* rowsOf
        const [log] = audit_log
        assert.match(log?.id ?? "", /^log_[a-zA-Z0-9]{24}$/)
        const owner = { workspace_id: "ws_1", bucket: "unkey_mutations", bucket_id: "ws_1" }
        const created = { created_at: at, updated_at: null }
        assert.deepStrictEqual(audit_log, [
          {
            id: log?.id ?? "",
            ...owner,
            ...created,
            event: "key.update",
            time: at,
            display: "Refilled key production",
            remote_ip: null,
            user_agent: null,
            actor_type: "system",
            actor_id: "keyrefill",
            actor_name: "Key Refill Service",
            actor_meta: {}
          }
        ])
        const target = { ...owner, ...created, audit_log_id: log?.id ?? "" }
        const meta = { refill_amount: 100, previous_remaining: 7, new_remaining: 100 }
        assert.deepStrictEqual(audit_log_target, [
          { ...target, type: "key", id: "key_1", name: "production", display_name: "production", meta },
          { ...target, type: "workspace", id: "ws_1", name: null, display_name: "ws_1", meta: {} }
        ])
      })
    )

    guarantee(
      "a key without a name is shown by its id, and without a count as having had none",
      Effect.gen(function* () {
        yield* seedKey("key_1", { remaining_requests: null })
        yield* seedKey("key_2", { name: "" })
        yield* refillAll(ordinary)
        const { audit_log, audit_log_target } = yield* rowsOf
        assert.sameMembers(
          audit_log.map(({ display }) => display),
          ["Refilled key key_1", "Refilled key key_2"]
        )
        assert.deepInclude(
          audit_log_target.find(({ id }) => id === "key_1"),
          {
            name: null,
            display_name: "key_1",
            meta: { refill_amount: 100, previous_remaining: 0, new_remaining: 100 }
          }
        )
      })
    )

    guarantee(
      "the longest names fit, cut at whole characters",
      Effect.gen(function* () {
        const long = "🗝".repeat(256)
        yield* seedKey("key_1", { name: long })
        yield* refillAll(ordinary)
        const { audit_log, audit_log_target } = yield* rowsOf
        assert.strictEqual(audit_log[0]?.display, `Refilled key ${"🗝".repeat(243)}`)
        assert.deepInclude(
          audit_log_target.find(({ type }) => type === "key"),
          { name: long, display_name: long }
        )
      })
    )

    guarantee(
      "[W9] a batch that is repeated answers the same and writes no second row",
      Effect.gen(function* () {
        const store = yield* KeyRefillStore
        yield* Effect.forEach([1, 2, 3], (nth) => seedKey(`key_${nth}`))
        const request = { date: ordinary, after: 0n, limit: 10, at, except: none }
        const first = yield* store.refillBatch(request)
        const after = yield* rowsOf
        assert.deepStrictEqual(yield* store.refillBatch(request), first)
        // Another run, which refilled none of them.
        assert.deepStrictEqual(yield* store.refillBatch({ ...request, at: at + 60_000 }), { ...first, refilled: 0 })
        assert.deepStrictEqual(yield* rowsOf, after)
      })
    )

    guarantee(
      "a key whose audit rows would take the key of another row is passed over, and the others are refilled",
      Effect.gen(function* () {
        const world = yield* World
        const ids = [1, 2, 3, 4, 5].map((nth) => `key_${nth}`)
        yield* Effect.forEach(ids, (id) => seedKey(id))
        yield* refillAll(ordinary)
        const taken = (yield* rowsOf).audit_log_target.filter(({ id }) => id === "key_3")
        yield* world.clear
        yield* Effect.forEach(ids, (id) => seedKey(id))
        yield* Effect.forEach(taken, (row) => world.insert("audit_log_target", row))
        assert.deepStrictEqual(yield* refillAll(ordinary), [2, 2])
        assert.deepInclude(yield* keyRow("key_3"), untouched)
        const rows = yield* rowsOf
        assert.lengthOf(rows.audit_log, 4)
        assert.deepStrictEqual(
          rows.audit_log_target.filter(({ id }) => id === "key_3"),
          taken
        )
      })
    )

    guarantee(
      "a key that was used up again is not refilled twice for one date, and is for the next",
      Effect.gen(function* () {
        const world = yield* World
        yield* seedKey("key_1")
        assert.deepStrictEqual(yield* refillAll(ordinary), [1])
        yield* world.update("keys", { id: "key_1" }, { remaining_requests: 5 })
        assert.deepStrictEqual(yield* refillAll(ordinary), [1], "counted as refilled for the date")
        assert.deepInclude(yield* keyRow("key_1"), { remaining_requests: 5 })
        assert.deepStrictEqual(yield* refillAll(next), [1])
        assert.deepInclude(yield* keyRow("key_1"), { remaining_requests: 100 })
        assert.lengthOf((yield* rowsOf).audit_log, 2)
      })
    )

    guarantee(
      "yesterday's run made today neither hides today's run nor is hidden by it",
      Effect.gen(function* () {
        const world = yield* World
        yield* seedKey("key_1")
        yield* refillAll(next)
        yield* world.update("keys", { id: "key_1" }, { remaining_requests: 0 })
        assert.deepStrictEqual(yield* refillAll(ordinary), [1])
        assert.deepInclude(yield* keyRow("key_1"), { remaining_requests: 100 })
      })
    )

    guarantee(
      "[W45] every due key is reached whatever the size of the batches, in the order of its rows",
      Effect.gen(function* () {
        const count = 120
        // Ids in reverse row order: only the primary key is a cursor.
        yield* Effect.forEach(Array.from({ length: count }).keys(), (nth) =>
          seedKey(`key_${String(count - nth).padStart(3, "0")}`, nth % 3 === 0 ? { refill_amount: null } : {})
        )
        const sizes = yield* refillAll(ordinary, { limit: 7 })
        assert.strictEqual(
          sizes.reduce((sum, size) => sum + size, 0),
          80
        )
        assert.isAtMost(Math.max(...sizes), 7)
        const { audit_log, audit_log_target, keys } = yield* rowsOf
        assert.lengthOf(audit_log, 80)
        assert.lengthOf(audit_log_target, 160)
        for (const { refill_amount, remaining_requests } of keys)
          assert.strictEqual(remaining_requests, refill_amount ?? 0)
      })
    )

    guarantee(
      "two runs of one date at once refill each key once",
      Effect.gen(function* () {
        yield* Effect.forEach(Array.from({ length: 60 }).keys(), (nth) => seedKey(`key_${nth}`))
        yield* Effect.all([refillAll(ordinary, { limit: 7 }), refillAll(ordinary, { limit: 9, at: at + 1 })], {
          concurrency: "unbounded"
        })
        const { audit_log, keys } = yield* rowsOf
        assert.lengthOf(audit_log, 60)
        for (const { remaining_requests } of keys) assert.strictEqual(remaining_requests, 100)
      })
    )

    guarantee(
      "keys that another worker has refilled are left alone",
      Effect.gen(function* () {
        yield* seedKey("key_1")
        yield* seedKey("key_2")
        assert.deepStrictEqual(yield* refillAll(ordinary, { except: new Set(["key_1"]) }), [1])
        assert.deepInclude(yield* keyRow("key_1"), untouched)
      })
    )

    guarantee(
      "no keys at all are done at once",
      Effect.gen(function* () {
        const store = yield* KeyRefillStore
        assert.deepStrictEqual(yield* refillAll(ordinary), [])
        assert.strictEqual(yield* store.highest, 0n)
      })
    )

    for (const { name: column, width = 0 } of ofKeys.filter(({ width }) => width !== undefined))
      guarantee(
        `a key whose ${column} is filled with four-byte characters is refilled, and the one beside it`,
        Effect.gen(function* () {
          // The column is one of the table's, and the value one that it takes.
          yield* seedKey("key_filled", { [column]: fourBytes(width) } as Partial<Tables["keys"]>)
          yield* seedKey("key_plain")
          assert.deepStrictEqual(yield* refillAll(ordinary), [2])
          const { audit_log, audit_log_target } = yield* rowsOf
          assert.deepStrictEqual([audit_log.length, audit_log_target.length], [2, 4])
        })
      )

    for (const column of ofKeys)
      for (const value of integersOf(column).filter(() => column.name !== "pk"))
        guarantee(
          `a key beside one whose ${column.name} is ${value} is refilled`,
          Effect.gen(function* () {
            // The column is one of the table's, and the value one that it takes.
            yield* seedKey("key_odd", { [column.name]: value } as Partial<Tables["keys"]>)
            yield* seedKey("key_plain")
            yield* refillAll(ordinary)
            assert.deepInclude(yield* keyRow("key_plain"), refilled)
          })
        )
  })
