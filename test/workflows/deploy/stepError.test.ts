import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { stepError } from "../../../src/workflows/deploy/stepError.ts"

describe("the error of a failed deployment step", () => {
  it("is never empty, because readers take an empty error for success", () => {
    for (const nothing of ["", "   ", "\n\t"]) assert.strictEqual(stepError(nothing), "failed without giving a reason")
  })

  it("is one line of what happened", () => {
    assert.strictEqual(stepError("  no instance runs\n  in us-east-1.aws "), "no instance runs in us-east-1.aws")
  })

  it("fits 512 code points without cutting a character in two", () => {
    assert.strictEqual(stepError("x".repeat(512)), "x".repeat(512))
    assert.strictEqual(stepError("x".repeat(513)), `${"x".repeat(511)}…`)
    assert.strictEqual(stepError("🚀".repeat(513)), `${"🚀".repeat(511)}…`)
  })

  it.each([
    ["dial mysql://root:hunter2@db:3306/x failed", "dial mysql://[redacted]@db:3306/x failed"],
    ["dial mysql://root:hun/t@er2@db:3306/x failed", "dial mysql://[redacted]@db:3306/x failed"],
    ["clone https://x-access-token@github.com/a/b", "clone https://[redacted]@github.com/a/b"],
    ["dsn root:hunter2@tcp(db:3306)/x", "dsn [redacted]@tcp(db:3306)/x"],
    ["sent Bearer hunter2.abc-_=", "sent Bearer [redacted]"],
    ["sent basic aHVudGVyMg==", "sent basic [redacted]"],
    ["Authorization: Bearer hunter2", "Authorization: [redacted] [redacted]"],
    ["password=hunter2 host=db", "password=[redacted] host=db"],
    ['{"client_secret": "hun ter2", "a": 1}', '{"client_secret": [redacted], "a": 1}'],
    ["DB_PASSWORD='hun ter2'", "DB_PASSWORD=[redacted]"],
    ["GET /?api_key=hunter2&page=1", "GET /?api_key=[redacted]&page=1"],
    ["jwt eyJhbGciOi.eyJzdWIi.c2ln", "jwt [redacted]"],
    ["with ghs_hunter2abc", "with [redacted]"],
    ["key -----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- end", "key [redacted] end"]
  ])("holds no credential: %j", (problem, expected) => {
    assert.strictEqual(stepError(problem), expected)
  })

  it("leaves ordinary text alone", () => {
    const text = "pull https://registry.example.com/a/b:1.2 failed: token expired for user@example.com (HTTP 401)"
    assert.strictEqual(stepError(text), text)
  })

  it("finds a credential before it truncates, also at the edge of a very long text", () => {
    assert.notInclude(stepError(`${"x".repeat(500)} password=hunter2`), "hunter")
    assert.notInclude(stepError(`${" ".repeat(4076)}mysql://root:hunter2@db`), "hunter")
  })

  it("never shows the password of a URL, a header or an assignment, wherever it stands", () => {
    const around = fc.string({ maxLength: 600 }).map((text) => text.replace(/["']/g, ""))
    const form = fc.constantFrom("https://u:SECRET@h/x", "Bearer SECRET", "password=SECRET", "db_token: SECRET")
    fc.assert(
      fc.property(around, form, around, (before, secret, after) => {
        const text = stepError(`${before} ${secret} ${after}`)
        assert.notInclude(text, "SECRET")
        assert.isAtMost([...text].length, 512)
        assert.isAbove(text.length, 0)
        assert.isTrue(text.isWellFormed())
      })
    )
  })

  it("is made quickly from hostile text", () => {
    for (const unit of ["a", "a.", "eyJ-", "password", "x@", "://", "- "]) {
      const started = performance.now()
      stepError(unit.repeat(100_000))
      assert.isBelow(performance.now() - started, 500)
    }
  })
})
