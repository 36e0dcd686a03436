import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Either, Logger, Schema, TestClock } from "effect"
import { backupCheck } from "../../src/cli/backupCheck.ts"
import { BackupFacts, type DatabaseFacts, type RestateFacts } from "../../src/operations/BackupFacts.ts"
import { decideBackups, restorable } from "../../src/operations/decideBackups.ts"
import { runHere } from "../support/cli/runHere.ts"
import { freshDatabase } from "../support/stack/Database.ts"
import { RestateClient, testRestate } from "../support/stack/Restate.ts"

const recoverable: DatabaseFacts["variables"] = {
  log_bin: "ON",
  binlog_format: "ROW",
  binlog_expire_logs_seconds: "2592000",
  sync_binlog: "1",
  innodb_flush_log_at_trx_commit: "1"
}
const restate: RestateFacts = { version: "1.7.12", openInvocations: 3 }

const findings = (variables: DatabaseFacts["variables"], clockDifference = 12) =>
  decideBackups({ database: { version: "8.4.0", variables }, restate, clockDifference })

const problems = (variables: DatabaseFacts["variables"], clockDifference?: number) =>
  findings(variables, clockDifference).flatMap(({ detail, status, subject }) =>
    status === "problem" ? [`${subject}: ${detail}`] : []
  )

describe("what is known about a restore of MySQL and Restate to one moment", () => {
  it("is at best unknown: Restate does not tell of its backups", () => {
    assert.isEmpty(problems(recoverable))
    assert.strictEqual(restorable(findings(recoverable)), "unknown")
    assert.deepStrictEqual(
      findings(recoverable).flatMap(({ status, subject }) => (status === "unknown" ? [subject] : [])),
      ["Restate: backups"]
    )
  })

  it.each([
    [{ log_bin: "OFF" }, "MySQL: binary log: is off: only the moments of full backups can be restored"],
    [{ log_bin: "0" }, "MySQL: binary log: is off: only the moments of full backups can be restored"],
    [{ binlog_format: "MIXED" }, "MySQL: log format: MIXED: replaying a statement may give other rows"],
    [
      { binlog_expire_logs_seconds: "3600" },
      "MySQL: log retention: logs are kept for 1h, less than the time between daily backups"
    ],
    [
      { sync_binlog: "0", innodb_flush_log_at_trx_commit: "2" },
      "MySQL: durability: sync_binlog is 0 and innodb_flush_log_at_trx_commit is 2: a crash loses commits that Restate has as done"
    ]
  ] as const)("is no with %j", (change, problem) => {
    assert.deepStrictEqual(problems({ ...recoverable, ...change }), [problem])
    assert.strictEqual(restorable(findings({ ...recoverable, ...change })), "no")
  })

  it("is no when the clocks differ by more than a second, whichever is ahead", () => {
    for (const difference of [1_001, -1_001])
      assert.deepStrictEqual(problems(recoverable, difference), ["clocks: MySQL's and Restate's differ by 1001 ms"])
    assert.isEmpty(problems(recoverable, -1_000))
  })

  it("says unknown for what a server does not show, and keeps logs without an expiry", () => {
    const unknown = (variables: DatabaseFacts["variables"]) =>
      findings(variables).flatMap(({ status, subject }) => (status === "unknown" ? [subject] : []))
    assert.deepStrictEqual(unknown({}), ["MySQL: binary log", "MySQL: durability", "Restate: backups"])
    assert.isEmpty(problems({ ...recoverable, binlog_expire_logs_seconds: "0" }))
    assert.include(unknown({ ...recoverable, binlog_expire_logs_seconds: "30 days" }), "MySQL: log retention")
  })
})

/** Servers whose clocks are ahead of the test's by this much, and that answer each question after a second. */
const servers = (
  variables: DatabaseFacts["variables"],
  ahead: { readonly database: number; readonly restate: number }
) => {
  const clock = (by: number) =>
    Effect.zipRight(
      TestClock.adjust("500 millis"),
      Effect.clockWith(({ currentTimeMillis }) => currentTimeMillis)
    ).pipe(
      Effect.tap(TestClock.adjust("500 millis")),
      Effect.map((now) => now + by)
    )
  return BackupFacts.of({
    database: Effect.succeed({ version: "8.4.0", variables }),
    restate: Effect.succeed(restate),
    databaseClock: clock(ahead.database),
    restateClock: clock(ahead.restate)
  })
}

const run = (facts: BackupFacts["Type"], json: boolean) =>
  Effect.consoleWith((console) => {
    const lines: Array<string> = []
    const log = (line: string) => Effect.sync(() => lines.push(line))
    return backupCheck(json).pipe(
      Effect.provideService(BackupFacts, facts),
      Effect.withConsole({ ...console, log }),
      Effect.either,
      Effect.map((outcome) => ({ outcome, printed: lines.join("\n") }))
    )
  })

describe("backup-check", () => {
  it.effect("ends well where only Restate's part is unknown, and leaves the time of the calls out of the clocks", () =>
    Effect.gen(function* () {
      const { outcome, printed } = yield* run(servers(recoverable, { database: 40, restate: 10 }), false)
      assert.isTrue(Either.isRight(outcome))
      assert.include(printed, "MySQL's and Restate's differ by 30 ms")
      assert.include(printed, "logs are kept for 30d")
      assert.include(printed, "3 invocations are open")
      assert.match(printed, /depends on what is unknown here\.$/)
    })
  )

  it.effect("fails with what has to change, and prints the same facts as JSON", () =>
    Effect.gen(function* () {
      const { outcome, printed } = yield* run(
        servers({ ...recoverable, log_bin: "OFF" }, { database: 5_000, restate: 0 }),
        true
      )
      assert.deepStrictEqual(
        Either.isLeft(outcome) && outcome.left.message,
        "MySQL and Restate cannot be restored to one moment: MySQL: binary log, clocks"
      )
      const { clockDifference, restorable: answer } = JSON.parse(printed)
      assert.deepStrictEqual({ answer, clockDifference }, { answer: "no", clockDifference: 5_000 })
    })
  )
})

const Printed = Schema.parseJson(
  Schema.Struct({
    restorable: Schema.String,
    database: Schema.Struct({
      version: Schema.String,
      variables: Schema.Record({ key: Schema.String, value: Schema.String })
    }),
    restate: Schema.Struct({ version: Schema.String, openInvocations: Schema.Number }),
    clockDifference: Schema.Number
  })
)

layer(testRestate(), { excludeTestServices: true, timeout: "1 minute" })("backup-check on real servers", (it) => {
  it.scoped(
    "reads variables, clocks and open work, and says that a server without a binary log cannot be restored to a moment",
    () =>
      Effect.gen(function* () {
        const settings = {
          WORKER_DATABASE_PRIMARY: yield* freshDatabase,
          WORKER_RESTATE_ADMIN_URL: (yield* RestateClient).admin
        }
        const { code, errors, output } = yield* runHere(["backup-check", "--json"], settings)
        assert.strictEqual(code, 1, errors)
        assert.match(errors, /^backup-check: MySQL and Restate cannot be restored to one moment: MySQL: binary log/)
        const { clockDifference, database, restate } = yield* Schema.decode(Printed)(output)
        assert.sameMembers(Object.keys(database.variables), Object.keys(recoverable))
        assert.match(restate.version, /^\d+\.\d+\.\d+/)
        assert.strictEqual(restate.openInvocations, 0)
        // Both servers have this machine's clock.
        assert.isBelow(Math.abs(clockDifference), 5_000)
      }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )
})
