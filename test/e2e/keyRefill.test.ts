import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { MysqlPools } from "../../src/layers/mysql/MysqlPools.ts"
import { decodeRows } from "../../src/layers/mysql/rows.ts"
import { seedKey } from "../support/memory/keySeeds.ts"
import { World } from "../support/memory/World.ts"
import { sized } from "../support/size.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { messageOf, postRaw } from "./support/ingress.ts"
import { type StackOptions, stack, Workers } from "./support/Stack.ts"

const options: StackOptions = { regions: [], env: { WORKER_KEY_REFILL_BATCH_SIZE: "500" } }
const service = "hydra.v1.KeyRefillService"
const run = (key: string) => postRaw(`${service}/${key}/RunRefill`, "{}")
const rows = Effect.flatMap(World, (world) => world.dump)

const counts = decodeRows(
  Schema.Struct({
    due: Schema.Number,
    full: Schema.Number,
    logs: Schema.Number,
    targets: Schema.Number,
    keysOfTargets: Schema.Number
  })
)

const count = Effect.flatMap(MysqlPools, ({ primary: { sql } }) =>
  counts(sql`
    SELECT (SELECT COUNT(*) FROM \`keys\` WHERE remaining_requests < refill_amount) AS due,
           (SELECT COUNT(*) FROM \`keys\` WHERE remaining_requests = refill_amount) AS full,
           (SELECT COUNT(*) FROM audit_log) AS logs,
           (SELECT COUNT(*) FROM audit_log_target) AS targets,
           (SELECT COUNT(DISTINCT id) FROM audit_log_target WHERE type = 'key') AS keysOfTargets`)
)

/** Keys `bulk_<n>`, all of them due. */
const seedMany = (count: number) =>
  Effect.flatMap(MysqlPools, ({ primary: { sql } }) =>
    Effect.gen(function* () {
      const columns = sql.literal("key_auth_id, start, workspace_id, refill_amount, remaining_requests")
      yield* sql`INSERT INTO \`keys\` (id, hash, ${columns}) VALUES ('bulk_0', 'bulk_0', 'ks', 'sk', 'ws_1', 100, 1)`
      for (let seeded = 1; seeded < count; seeded *= 2)
        yield* sql`
          INSERT INTO \`keys\` (id, hash, ${columns})
          SELECT CONCAT('bulk_', n), CONCAT('bulk_', n), 'ks', 'sk', 'ws_1', 100, 1
          FROM (SELECT CAST(SUBSTRING(id, 6) AS UNSIGNED) + ${sql.literal(String(seeded))} AS n
                FROM \`keys\` WHERE id LIKE 'bulk%') AS next
          WHERE n < ${count}`
    })
  )

const howMany = sized(10_000, 100_000)

const howFar = (key: string) =>
  Effect.map(postRaw(`${service}/${key}/Progress`, "{}"), ({ text }) => {
    const read: unknown = JSON.parse(text)
    return typeof read === "object" && read !== null && "keysRefilled" in read ? Number(read.keysRefilled) : 0
  })

layer(stack(options), { excludeTestServices: true, timeout: "2 minutes" })("a key refill through the ingress", (it) => {
  it.effect("refills what is due and answers with the number, to the byte", () =>
    Effect.gen(function* () {
      yield* seedKey("key_1", { name: "production" })
      yield* seedKey("key_2", { refill_day: 31 })
      yield* seedKey("key_3", { refill_day: 15 })
      assert.deepStrictEqual(yield* run("2026-02-28"), { status: 200, text: '{"keysRefilled":2}' })
      const { audit_log, audit_log_target, keys } = yield* rows
      assert.deepStrictEqual(
        keys.map(({ remaining_requests }) => remaining_requests),
        [100, 100, 0]
      )
      assert.sameMembers(
        audit_log.map(({ display }) => display),
        ["Refilled key production", "Refilled key key_2"]
      )
      assert.lengthOf(audit_log_target, 4)
    })
  )

  it.effect("changes nothing more when it is repeated, delivered twice or asked for many times at once", () =>
    Effect.gen(function* () {
      const world = yield* World
      const restate = yield* RestateClient
      yield* world.update("keys", { id: "key_1" }, { remaining_requests: 5 })
      const before = yield* rows
      const again = yield* Effect.all(
        Array.from({ length: 8 }, () => run("2026-02-28")),
        { concurrency: "unbounded" }
      )
      for (const reply of again) assert.deepStrictEqual(reply, { status: 200, text: "{}" })
      assert.deepStrictEqual(yield* run("2026-02-28-again"), { status: 200, text: "{}" })
      const once = { "idempotency-key": "key-refill-2026-02-28" }
      const ids = yield* Effect.replicateEffect(restate.send(`${service}/2026-02-28/RunRefill`, {}, once), 2)
      assert.strictEqual(new Set(ids).size, 1)
      yield* restate.attach(ids[0] ?? "")
      assert.deepStrictEqual(yield* rows, before)
    })
  )

  it.effect("[W35] of a date that does not exist is refused with 400", () =>
    Effect.gen(function* () {
      for (const key of ["2026-02-29", "2026-13-01", "today"]) {
        const reply = yield* run(key)
        assert.strictEqual(reply.status, 400, key)
        assert.match(messageOf(reply), /^key: must /)
      }
    })
  )

  it.effect(
    "[W9] [W34] gives each of many keys its requests and its audit rows once, though the worker is killed in between",
    () =>
      Effect.gen(function* () {
        const world = yield* World
        const restate = yield* RestateClient
        const { first } = yield* Workers
        yield* world.clear
        yield* seedMany(howMany)
        assert.deepInclude((yield* count)[0], { due: howMany })
        const key = "2026-03-01"
        const running = yield* restate.send(`${service}/${key}/RunRefill`, {})
        let seen = 0
        for (const wanted of sized([1], [1, 25_000, 60_000])) {
          seen = yield* eventually(`${wanted} keys`, howFar(key), (keys) => keys >= wanted)
          assert.isBelow(seen, howMany, "it is killed while it works")
          yield* first.kill("SIGKILL")
          yield* first.restart
        }
        assert.deepInclude(yield* restate.attach(running), { status: 200, body: { keysRefilled: howMany } })
        assert.deepStrictEqual(yield* count, [
          { due: 0, full: howMany, logs: howMany, targets: 2 * howMany, keysOfTargets: howMany }
        ])
        assert.deepStrictEqual(yield* unfinished, [])
        const state = yield* restate.sql(
          `SELECT key, value_utf8 FROM state WHERE service_name = '${service}' AND service_key = '${key}'`
        )
        assert.deepStrictEqual(
          state.map((row) => row.key),
          ["progress"]
        )
        assert.isBelow(String(state[0]?.value_utf8).length, 100)
      }),
    // Half a minute of work when nothing else runs, and three starts of a worker.
    360_000
  )
})
