import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import type { AdminClient } from "../src/admin/AdminClient.ts"
import { RestateAdmin } from "../src/admin/RestateAdmin.ts"
import { invocationsQuery, sqlText } from "../src/admin/sql.ts"
import type { HttpOptions } from "../src/http/exchange.ts"
import { type StandInAnswer, standIn } from "./fixtures/standIn.ts"

const adminAt = (url: string, options: Partial<HttpOptions> = {}) =>
  Effect.provide(RestateAdmin, RestateAdmin.layer({ url, ...options }))

const rowsOf = (admin: AdminClient) => admin.query("SELECT 1 AS one", Schema.Struct({ one: Schema.Number }))

/** What an operation fails with when it is answered so. */
const refused = <A, E>(
  answer: StandInAnswer | undefined,
  use: (admin: AdminClient) => Effect.Effect<A, E>,
  options: Partial<HttpOptions> = {}
) =>
  standIn(answer).pipe(
    Effect.flatMap(({ url }) => adminAt(url, options)),
    Effect.flatMap((admin) => Effect.flip(use(admin))),
    Effect.scoped
  )

describe("the admin client", () => {
  it.scopedLive("sends its own headers, quotes ids, and says where a resumed invocation goes", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* standIn({ status: 200 })
      const admin = yield* adminAt(url, { headers: { authorization: Redacted.make("Bearer secret") } })
      yield* admin.cancel("inv_1/../x")
      yield* admin.resume("inv_1")
      yield* admin.resume("inv_1", "latest")
      yield* admin.resume("inv_1", { deploymentId: "dp_1&x" })
      assert.deepStrictEqual(
        seen.map(({ method, path }) => `${method} ${path}`),
        [
          "PATCH /invocations/inv_1%2F..%2Fx/cancel",
          "PATCH /invocations/inv_1/resume",
          "PATCH /invocations/inv_1/resume?deployment=latest",
          "PATCH /invocations/inv_1/resume?deployment=dp_1%26x"
        ]
      )
      assert.strictEqual(seen[0]?.headers.authorization, "Bearer secret")
    })
  )

  it.scopedLive("says of each refusal whether asking again may help", () =>
    Effect.gen(function* () {
      const body = { message: "no", restate_code: "META0004" }
      const expected = { 404: "AdminNotFound", 409: "AdminConflict", 425: "AdminConflict", 401: "AdminRefused" }
      for (const [status, tag] of Object.entries(expected)) {
        const error = yield* refused({ status: Number(status), body }, (admin) => admin.kill("inv_1"))
        assert.deepStrictEqual([error._tag, "retryable" in error], [tag, false], status)
      }
      for (const status of [408, 429, 500, 503]) {
        const error = yield* refused({ status, body: "<html>a secret" }, (admin) => admin.kill("inv_1"))
        assert.deepStrictEqual([error._tag, "retryable" in error], ["AdminUnavailable", true])
        assert.deepInclude(error, { status, reason: "no message" })
      }
      const notAdmin = yield* refused({ status: 404, body: "nothing here" }, rowsOf)
      assert.strictEqual(notAdmin._tag, "AdminRefused")
    })
  )

  it.scopedLive("keeps what fetch rejected with, for callers who tell failures of their own fetch apart", () =>
    Effect.gen(function* () {
      const cause = new Error("refused by the proxy")
      const error = yield* refused({ status: 200 }, rowsOf, { fetch: () => Promise.reject(cause) })
      assert.strictEqual(error._tag === "AdminUnavailable" ? error.cause : undefined, cause)
    })
  )

  it.scopedLive("takes an empty answer or JSON for health, and no page of another server", () =>
    Effect.gen(function* () {
      const healthy = yield* standIn({ status: 200 })
      yield* (yield* adminAt(healthy.url)).health
      const page = yield* refused({ status: 200, body: "<html>" }, ({ health }) => health)
      assert.strictEqual(page._tag, "UnreadableAnswer")
    })
  )

  it.scopedLive("bounds an answer in time and size, and refuses one of another shape", () =>
    Effect.gen(function* () {
      const late = yield* refused(undefined, rowsOf, { timeout: "100 millis" })
      assert.strictEqual(late._tag, "AdminUnavailable")
      const rows = Array.from({ length: 100 }, () => ({ one: 1 }))
      const large = yield* refused({ status: 200, body: { rows } }, rowsOf, { maxAnswerBytes: 100 })
      assert.strictEqual(large._tag, "UnreadableAnswer")
      const other = yield* refused({ status: 200, body: { rows: [{ one: "1" }] } }, rowsOf)
      assert.strictEqual(other._tag, "UnreadableAnswer")
    })
  )

  it("a value is one text in SQL, whatever it holds", () => {
    assert.strictEqual(sqlText("a'b\\'; --"), "'a''b\\''; --'")
    const sql = invocationsQuery({ service: "S", key: "x' OR 1=1", status: ["paused", "running"], limit: 2.9 })
    assert.include(sql, "target_service_name = 'S' AND target_service_key = 'x'' OR 1=1'")
    assert.match(sql, /status IN \('paused', 'running'\) ORDER BY created_at, id LIMIT 2$/)
    assert.include(invocationsQuery({ status: [] }), "WHERE false")
  })
})
