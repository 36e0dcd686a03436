import { assert, describe, it } from "@effect/vitest"
import { DatabaseUnavailable } from "../../../src/composition/database.ts"
import { databaseProblemOf, isFinal, loginRefusalOf } from "../../../src/layers/mysql/loginRefusals.ts"
import { DbError, DbRefused } from "../../../src/services/Db.ts"

describe("a database that refuses the login", () => {
  it("is named by what is refused, in the words of check", () => {
    const refused = "the user or the password is refused, or a connection over TLS is required (1045)"
    assert.strictEqual(loginRefusalOf({ errno: 1045 }), refused)
    assert.strictEqual(loginRefusalOf({ errno: 1049 }), "there is no such database (1049)")
    assert.isUndefined(loginRefusalOf({ errno: 1213 }))
    const failed = { servers: ["db:3306/unkey"], operation: "Db.ping", reason: "login" as const }
    assert.strictEqual(
      new DatabaseUnavailable({ ...failed, errno: 1045 }).message,
      `cannot use the database at db:3306/unkey: ${refused}. Check database.primary and database.readonly_replica`
    )
  })

  it("is told apart from one that cannot be reached, whose reason is the code of the socket", () => {
    const refused = "the connection is refused: no server listens at this address (ECONNREFUSED)"
    assert.strictEqual(databaseProblemOf({ code: "ECONNREFUSED" }), refused)
    assert.strictEqual(databaseProblemOf({ code: "ENOTFOUND" }), "the host is unknown (ENOTFOUND)")
    assert.isUndefined(databaseProblemOf({ code: "EPIPE" }))
    const failed = { servers: ["db:3306/unkey"], operation: "Db.ping", reason: "connection" as const }
    assert.include(
      new DatabaseUnavailable({ ...failed, code: "ECONNREFUSED" }).message,
      `at db:3306/unkey: ${refused}.`
    )
    assert.include(new DatabaseUnavailable(failed).message, "Db.ping failed (connection)")
  })

  it("ends a start at once, unlike one that does not answer", () => {
    const operation = "Db.ping"
    assert.isTrue(isFinal(new DbError({ operation, reason: "login", errno: 1045 })))
    assert.isTrue(isFinal(new DbRefused({ operation, reason: "denied", errno: 1142 })))
    for (const reason of ["connection", "timeout", "too_many_connections", "unknown"] as const)
      assert.isFalse(isFinal(new DbError({ operation, reason })))
  })
})
