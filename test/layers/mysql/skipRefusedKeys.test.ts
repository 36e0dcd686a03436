import { assert, layer } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { MysqlPools } from "../../../src/layers/mysql/MysqlPools.ts"
import { DbRefused, type DbRefusedReason } from "../../../src/services/Db.ts"
import { KeyRefillStore } from "../../../src/services/keyRefill/KeyRefillStore.ts"
import { keyRow, seedKey } from "../../support/memory/keySeeds.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { World } from "../../support/memory/World.ts"
import { mysqlWorld } from "./MysqlWorld.ts"

const date = { day: "2026-02-27", dayOfMonth: 27, isLastOfMonth: false }
const request = { date, limit: 10, at: 1_700_000_000_000, except: new Set<string>() }
const ids = ["key_1", "key_2", "key_3", "key_4", "key_5"]
const bad = "key_3"

interface Case {
  readonly reason: DbRefusedReason
  readonly because: string
  /** Changes the schema as another version, an operator or a tool might, and reverts it. */
  readonly change: string
  readonly back: string
  readonly columns?: Partial<Tables["keys"]>
}

/** The schema accepts the rows of all keys but one. */
const aboutRows: ReadonlyArray<Case> = [
  {
    reason: "duplicate_key",
    because: "another row has its key",
    change: "ALTER TABLE audit_log ADD UNIQUE KEY of_event (event, display)",
    back: "ALTER TABLE audit_log DROP KEY of_event",
    columns: { name: ids[0] ?? "" }
  },
  {
    reason: "constraint",
    because: "a CHECK forbids it",
    change: `ALTER TABLE audit_log ADD CONSTRAINT forbids CHECK (display <> 'Refilled key ${bad}')`,
    back: "ALTER TABLE audit_log DROP CONSTRAINT forbids"
  },
  {
    reason: "constraint",
    because: "a trigger raises",
    change: `CREATE TRIGGER raises BEFORE INSERT ON audit_log_target FOR EACH ROW
             IF NEW.id = '${bad}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF`,
    back: "DROP TRIGGER raises"
  },
  {
    reason: "too_long",
    because: "a text is longer than its column",
    change: "ALTER TABLE audit_log_target MODIFY display_name varchar(10) NOT NULL",
    back: "ALTER TABLE audit_log_target MODIFY display_name varchar(256) NOT NULL",
    columns: { name: "a longer name" }
  },
  {
    reason: "out_of_range",
    because: "a number does not fit its column",
    change: "ALTER TABLE `keys` MODIFY remaining_requests tinyint",
    back: "ALTER TABLE `keys` MODIFY remaining_requests int",
    columns: { refill_amount: 1000 }
  },
  {
    reason: "wrong_value",
    because: "its column's character set does not have a character",
    change: "ALTER TABLE audit_log_target MODIFY name varchar(256) CHARACTER SET latin1",
    back: "ALTER TABLE audit_log_target MODIFY name varchar(256)",
    columns: { name: "😀" }
  }
]

/** With the changed schema, and five keys of which the third has these columns. */
const changed = <A, E, R>(
  { back, change, columns }: Pick<Case, "back" | "change" | "columns">,
  body: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const { sql } = (yield* MysqlPools).primary
    yield* (yield* World).clear
    yield* Effect.forEach(ids, (id) => seedKey(id, id === bad ? columns : {}))
    return yield* Effect.acquireUseRelease(
      sql.unsafe(change).unprepared,
      () => body,
      () => Effect.orDie(sql.unsafe(back).unprepared)
    )
  })

/** All batches, as the workflow requests them, with the log lines. */
const refillAll = Effect.gen(function* () {
  const store = yield* KeyRefillStore
  const told: Array<unknown> = []
  const logger = Logger.make(({ message }) => void told.push(message))
  let after = 0n
  let [refilled, refused] = [0, 0]
  for (let done = false; !done; ) {
    const batch = yield* Effect.provide(
      store.refillBatch({ ...request, after }),
      Logger.replace(Logger.defaultLogger, logger)
    )
    refilled += batch.refilled
    refused += batch.refused ?? 0
    after = batch.cursor
    done = batch.done
  }
  return { refilled, refused, told }
})

layer(mysqlWorld, { excludeTestServices: true })("a key that the server refuses to refill", (it) => {
  for (const { because, reason, ...altered } of aboutRows)
    it.effect(`because ${because} is passed over, and named with the reason (${reason})`, () =>
      changed(
        altered,
        Effect.gen(function* () {
          const { refilled, refused, told } = yield* refillAll
          assert.deepStrictEqual({ refilled, refused }, { refilled: 4, refused: 1 })
          for (const id of ids) assert.strictEqual((yield* keyRow(id)).remaining_requests, id === bad ? 0 : 100, id)
          const { audit_log_target } = yield* (yield* World).dump
          assert.isFalse(audit_log_target.some(({ id }) => id === bad))
          assert.lengthOf(told, 1)
          const [line] = told
          assert.include(JSON.stringify(line), `"key":"${bad}"`)
          assert.match(JSON.stringify(line), new RegExp(`KeyRefillStore.refillBatch: ${reason} \\(\\d+\\)`))
        })
      )
    )

  const aboutStatement = [
    [
      "a column is missing",
      "ALTER TABLE audit_log RENAME COLUMN actor_name TO away",
      "ALTER TABLE audit_log RENAME COLUMN away TO actor_name"
    ],
    ["a table is missing", "RENAME TABLE audit_log_target TO away", "RENAME TABLE away TO audit_log_target"]
  ] as const
  for (const [because, change, back] of aboutStatement)
    it.effect(`because ${because} is not passed over: the batch fails as refused, and no key is changed`, () =>
      Effect.gen(function* () {
        const { sql } = (yield* MysqlPools).primary
        const [failure, untouched] = yield* changed(
          { change, back },
          Effect.all([Effect.flip(refillAll), sql`SELECT id FROM \`keys\` WHERE remaining_requests = 0`])
        )
        assert.lengthOf(untouched, ids.length)
        assert.instanceOf(failure, DbRefused)
        assert.deepInclude({ ...failure }, { operation: "KeyRefillStore.refillBatch", reason: "unknown_object" })
      })
    )
})
