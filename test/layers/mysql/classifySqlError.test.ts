import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { classifySqlError } from "../../../src/layers/mysql/classifySqlError.ts"
import { withDbErrors } from "../../../src/layers/mysql/withDbErrors.ts"
import { DbError, type DbErrorReason, DbRefused, type DbRefusedReason } from "../../../src/services/Db.ts"

/** Driver errors as mysql2 builds them, with deliberately misleading texts. */
interface DriverFields {
  readonly errno?: number
  readonly code?: string
  readonly fatal?: boolean
  readonly sqlState?: string
}

const driverError = (fields: DriverFields) =>
  Object.assign(new Error("Deadlock found; Duplicate entry; Connection lost"), fields)

const table: ReadonlyArray<readonly [DbErrorReason | DbRefusedReason, string, DriverFields]> = [
  ["deadlock", "deadlock", { errno: 1213, code: "ER_LOCK_DEADLOCK" }],
  ["lock_wait", "lock wait", { errno: 1205, code: "ER_LOCK_WAIT_TIMEOUT" }],
  ["lock_wait", "NOWAIT on MySQL", { errno: 3572, code: "ER_LOCK_NOWAIT" }],
  ["duplicate_key", "duplicate key", { errno: 1062, code: "ER_DUP_ENTRY" }],
  ["constraint", "missing parent", { errno: 1452 }],
  ["constraint", "existing child", { errno: 1451 }],
  ["constraint", "CHECK on MySQL", { errno: 3819 }],
  ["constraint", "CHECK on MariaDB", { errno: 4025, code: "ER_INNODB_AUTOEXTEND_SIZE_OUT_OF_RANGE" }],
  ["wrong_value", "invalid JSON on MySQL", { errno: 3140 }],
  ["too_long", "text too long", { errno: 1406 }],
  ["connection", "server shutdown", { errno: 1053 }],
  ["connection", "killed, MySQL", { errno: 1317 }],
  ["connection", "killed, MariaDB", { errno: 1927 }],
  ["connection", "server gone", { errno: 2006 }],
  ["connection", "lost during query", { errno: 2013 }],
  ["connection", "reset", { code: "ECONNRESET", errno: -104 }],
  ["connection", "refused", { code: "ECONNREFUSED", errno: -111 }],
  ["connection", "timed out", { code: "ETIMEDOUT" }],
  ["connection", "broken pipe", { code: "EPIPE", errno: -32 }],
  ["connection", "unknown host", { code: "ENOTFOUND" }],
  ["connection", "lost", { code: "PROTOCOL_CONNECTION_LOST", fatal: true }],
  ["connection", "used after it closed", { fatal: true }],
  ["read_only", "demoted primary", { errno: 1290 }],
  ["read_only", "read-only mode", { errno: 1836 }],
  ["too_many_connections", "server full", { errno: 1040, fatal: true }],
  ["too_many_connections", "user's limit", { errno: 1203 }],
  ["too_many_connections", "too many prepared statements, of a refused class", { errno: 1461, sqlState: "42000" }],
  ["login", "password", { errno: 1045, sqlState: "28000", fatal: true }],
  ["login", "database that is not there", { errno: 1049, sqlState: "42000", fatal: true }],
  ["syntax", "syntax error", { errno: 1064 }],
  ["too_long", "packet too large, of the class of lost connections", { errno: 1153, sqlState: "08S01" }],
  ["connection", "unlisted, connection exception", { errno: 65_000, sqlState: "08S99" }],
  ["connection", "node that left its Galera cluster", { errno: 1047, sqlState: "08S01" }],
  ["connection", "server in offline mode", { errno: 3032, sqlState: "HY000" }],
  ["read_only", "reader of a cluster", { errno: 1874, sqlState: "HY000" }],
  ["deadlock", "row of an older snapshot, MariaDB", { errno: 1020, sqlState: "HY000" }],
  ["login", "locked account, MariaDB", { errno: 4151, sqlState: "HY000" }],
  ["login", "password to change", { errno: 1820, sqlState: "HY000" }],
  ["unknown", "Vitess", { errno: 1105, sqlState: "HY000" }],
  ["unknown", "ProxySQL", { errno: 9001, sqlState: "HY000" }],
  ["other", "unlisted, data", { errno: 65_000, sqlState: "22P07" }],
  ["other", "unlisted, integrity", { errno: 65_000, sqlState: "23999" }],
  ["other", "unlisted, syntax or access", { errno: 65_000, sqlState: "42999" }],
  ["other", "unlisted, raised by a routine", { errno: 65_000, sqlState: "45001" }],
  ["unknown", "unlisted, general", { errno: 65_000, sqlState: "HY000" }],
  ["unknown", "unlisted, rolled back", { errno: 65_000, sqlState: "40999" }],
  ["unknown", "unlisted, without a state", { errno: 65_000 }],
  ["unknown", "nothing known", {}]
]

describe("classifySqlError", () => {
  it.each(table)("answers %s for: %s", (reason, _name, fields) => {
    assert.strictEqual(classifySqlError(new SqlError({ cause: driverError(fields) })).reason, reason)
  })

  it("finds the number at any depth and ends in a cycle", () => {
    const nested = new SqlError({ cause: new Error("outer", { cause: driverError({ errno: 1213 }) }) })
    assert.deepStrictEqual(classifySqlError(nested), { reason: "deadlock", errno: 1213 })
    const refused = new SqlError({ cause: driverError({ code: "ECONNREFUSED", errno: -111 }) })
    assert.deepStrictEqual(classifySqlError(refused), { reason: "connection", code: "ECONNREFUSED" })
    const cycle: { cause?: unknown } = {}
    cycle.cause = cycle
    assert.deepStrictEqual(classifySqlError(cycle), { reason: "unknown" })
  })

  it("calls a statement that outlived its time limit a timeout", () => {
    assert.deepStrictEqual(classifySqlError(new SqlError({ cause: new Cause.TimeoutException("late") })), {
      reason: "timeout"
    })
  })
})

describe("withDbErrors", () => {
  const deadlock = new SqlError({ cause: driverError({ errno: 1213 }) })

  it.effect("tells a failed COMMIT, which arrives as a defect, like any other failure", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(withDbErrors("RouteStore.transact")(Effect.die(deadlock)))
      assert.deepStrictEqual(error, new DbError({ operation: "RouteStore.transact", reason: "deadlock", errno: 1213 }))
    })
  )

  it.effect("tells apart what passes with time, which is repeated, and what is refused for good, which is not", () =>
    Effect.gen(function* () {
      const taken = new SqlError({ cause: driverError({ errno: 1062 }) })
      const refused = yield* Effect.flip(withDbErrors("RegionStore.transact")(Effect.die(taken)))
      const expected = { operation: "RegionStore.transact", reason: "duplicate_key", errno: 1062 } as const
      assert.deepStrictEqual(refused, new DbRefused(expected))
      assert.notProperty(refused, "retryable")
      const passing = yield* Effect.flip(withDbErrors("RegionStore.transact")(Effect.fail(deadlock)))
      assert.propertyVal(passing, "retryable", true)
    })
  )

  it.effect("carries neither the statement nor the driver's text", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(withDbErrors("DeploymentStore.fail")(Effect.fail(deadlock)))
      assert.strictEqual(error.message, "DeploymentStore.fail: deadlock (1213)")
      assert.notInclude(JSON.stringify(error), "Duplicate entry")
      assert.isUndefined(error.cause)
    })
  )

  it.effect("leaves a defect of ours, and an error that is told already, as they are", () =>
    Effect.gen(function* () {
      const defect = new TypeError("mistake")
      assert.deepStrictEqual(yield* Effect.exit(withDbErrors("x")(Effect.die(defect))), Exit.die(defect))
      const known = new DbError({ operation: "migrate", reason: "lock_wait" })
      assert.strictEqual(yield* Effect.flip(withDbErrors("x")(Effect.fail(known))), known)
    })
  )

  it.effect("keeps an interruption an interruption, also when the rollback failed", () =>
    Effect.gen(function* () {
      const cause = Cause.sequential(Cause.interrupt(yield* Effect.fiberId), Cause.die(deadlock))
      const exit = yield* Effect.exit(withDbErrors("x")(Effect.failCause(cause)))
      assert.isTrue(Exit.isInterrupted(exit))
    })
  )
})
