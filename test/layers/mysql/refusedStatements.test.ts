import type { SqlError } from "@effect/sql/SqlError"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import type { MysqlPoolOptions } from "../../../src/layers/mysql/MysqlDriver.ts"
import { type MysqlPool, makeMysqlPool } from "../../../src/layers/mysql/MysqlPool.ts"
import { DbError, type DbErrorReason, DbRefused, type DbRefusedReason, isAboutRows } from "../../../src/services/Db.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { poolOptions } from "./MysqlWorld.ts"

/** A database with the tables whose constraints the statements below violate. */
class Target extends Context.Tag("test/Target")<Target, MysqlPoolOptions>() {}

const ddl = [
  "CREATE TABLE parents (id int PRIMARY KEY) ENGINE=InnoDB",
  `CREATE TABLE children (
     id int PRIMARY KEY,
     name varchar(4) CHARACTER SET utf8mb4 NOT NULL,
     latin varchar(4) CHARACTER SET latin1,
     kind enum('a', 'b'),
     small tinyint,
     at datetime,
     document json,
     parent int,
     CONSTRAINT has_parent FOREIGN KEY (parent) REFERENCES parents (id),
     CONSTRAINT is_small CHECK (small < 100)
   ) ENGINE=InnoDB`,
  `CREATE TRIGGER refuses BEFORE DELETE ON parents FOR EACH ROW
     SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no row of this table is deleted'`,
  "INSERT INTO parents VALUES (1)",
  "INSERT INTO children (id, name) VALUES (1, 'one')"
]

const target = Layer.scoped(
  Target,
  Effect.gen(function* () {
    const options = poolOptions(yield* freshDatabase)
    const { sql } = yield* makeMysqlPool("primary", options)
    yield* Effect.forEach(ddl, (statement) => sql.unsafe(statement).unprepared, { discard: true })
    return options
  })
)

const insert = (columns: string, ...values: ReadonlyArray<unknown>) => ({
  statement: `INSERT INTO children (${columns}) VALUES (${values.map(() => "?").join(", ")})`,
  values
})
const plain = (statement: string) => ({ statement, values: [] })

/** Statements that MySQL 9 and MariaDB 10.11 both reject, some with different numbers. */
const refused: ReadonlyArray<readonly [DbRefusedReason, string, ReturnType<typeof insert>]> = [
  ["duplicate_key", "a second row of a key", insert("id, name", 1, "two")],
  ["constraint", "NULL where there must be a value", insert("id, name", 2, null)],
  ["constraint", "a column without default left out", insert("id", 2)],
  ["constraint", "a row without its parent", insert("id, name, parent", 2, "two", 99)],
  ["constraint", "a CHECK", insert("id, name, small", 2, "two", 101)],
  ["constraint", "a trigger that raises", plain("DELETE FROM parents WHERE id = 1")],
  ["too_long", "text longer than its column", insert("id, name", 2, "xxxxx")],
  ["too_long", "four-byte text longer than its column", insert("id, name", 2, "😀".repeat(5))],
  ["out_of_range", "a number beyond its column", insert("id, name, small", 2, "two", 1000)],
  ["wrong_value", "a word that the column does not know", insert("id, name, kind", 2, "two", "c")],
  ["wrong_value", "text for a number", insert("id, name, small", 2, "two", "many")],
  ["wrong_value", "text for a time", insert("id, name, at", 2, "two", "someday")],
  ["wrong_value", "a character that the column's set does not have", insert("id, name, latin", 2, "two", "😀")],
  ["unknown_object", "a column that does not exist", plain("SELECT missing FROM children")],
  ["unknown_object", "a table that does not exist", plain("SELECT 1 FROM missing")],
  ["syntax", "what is no SQL", plain("SELEKT 1")],
  ["other", "more than one row where one is wanted", plain("SELECT (SELECT 1 UNION SELECT 2)")],
  ["other", "a column count that does not match", plain("INSERT INTO parents VALUES (2, 3)")]
]

const run = ({ sql }: MysqlPool, { statement, values }: ReturnType<typeof insert>): Effect.Effect<unknown, SqlError> =>
  sql.unsafe(statement, values)

const failureOf = (pool: MysqlPool, wanted: ReturnType<typeof insert>) =>
  Effect.flip(pool.transaction("test", run(pool, wanted)))

layer(target, { excludeTestServices: true })("a statement that the server refuses", (it) => {
  for (const [reason, what, statement] of refused)
    it.scoped(`because of ${what} is a refusal (${reason}) that is not repeated`, () =>
      Effect.gen(function* () {
        const pool = yield* makeMysqlPool("primary", yield* Target)
        const failure = yield* failureOf(pool, statement)
        assert.instanceOf(failure, DbRefused)
        assert.strictEqual(failure.reason, reason)
        assert.isNumber(failure.errno)
      })
    )

  it.scoped("because of invalid JSON is a refusal about its rows", () =>
    Effect.gen(function* () {
      const pool = yield* makeMysqlPool("primary", yield* Target)
      const failure = yield* failureOf(pool, insert("id, name, document", 2, "two", "{"))
      assert.instanceOf(failure, DbRefused)
      // MariaDB's JSON is text with a CHECK.
      assert.include(["wrong_value", "constraint"], failure.reason)
      assert.isTrue(failure instanceof DbRefused && isAboutRows(failure))
    })
  )

  it.scoped("because of its user is a refusal (denied)", () =>
    Effect.gen(function* () {
      const options = yield* Target
      const { sql } = yield* makeMysqlPool("primary", options)
      const user = `reader_${process.pid}`
      const execute = (statement: string) => sql.unsafe(statement).unprepared
      yield* Effect.acquireRelease(execute(`CREATE USER '${user}'@'%'`), () =>
        Effect.orDie(execute(`DROP USER '${user}'@'%'`))
      )
      yield* execute(`GRANT SELECT ON \`${options.database}\`.* TO '${user}'@'%'`)
      const reader = yield* makeMysqlPool("primary", { ...options, user, password: undefined })
      const failure = yield* failureOf(reader, insert("id, name", 2, "two"))
      assert.deepInclude({ ...failure }, { _tag: "DbRefused", reason: "denied", errno: 1142 })
    })
  )
})

/**
 * Errors that an operator fixes for all statements at once: after a restart, a grant or a restore the same request succeeds.
 */
const logins: ReadonlyArray<readonly [string, Partial<MysqlPoolOptions>]> = [
  ["a password that is refused", { user: "nobody_at_all", password: Redacted.make("wrong") }],
  ["a database that is not there", { database: "no_such_database" }]
]

layer(target, { excludeTestServices: true })("a login that the server refuses", (it) => {
  for (const [what, options] of logins)
    it.scoped(`because of ${what} passes with time`, () =>
      Effect.gen(function* () {
        const pool = yield* makeMysqlPool("primary", { ...(yield* Target), ...options })
        const failure = yield* failureOf(pool, plain("SELECT 1"))
        assert.instanceOf(failure, DbError)
        const reason: DbErrorReason = "login"
        assert.deepInclude({ ...failure }, { reason, retryable: true })
      })
    )
})
