import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Option, Redacted, Schema } from "effect"
import { Contract } from "../src/contract/Contract.ts"
import { httpStatus } from "../src/contract/httpStatus.ts"
import { RawBytes } from "../src/contract/RawBytes.ts"
import { failureMetadata, typedFailuresHeader } from "../src/contract/TypedFailure.ts"
import { Ingress } from "../src/ingress/Ingress.ts"
import type { IngressOptions } from "../src/ingress/IngressClient.ts"
import { IngressUnavailable } from "../src/ingress/IngressError.ts"
import { CallFailed } from "../src/operations/DurableError.ts"
import { type StandInAnswer, standIn } from "./fixtures/standIn.ts"

class SoldOut extends Schema.TaggedError<SoldOut>()("SoldOut", { left: Schema.Number }, httpStatus(409)) {}

const Shop = Contract.object("Shop", {
  Buy: {
    input: Schema.Struct({ count: Schema.NumberFromString }),
    output: Schema.Struct({ total: Schema.Number }),
    error: SoldOut
  }
})

const clientAt = (url: string, options: Partial<IngressOptions> = {}) =>
  Effect.provide(Ingress, Ingress.layer({ url, ...options }))

const buy = (url: string, options: Partial<IngressOptions> = {}) =>
  Effect.flatMap(clientAt(url, options), (ingress) =>
    ingress.call(Shop, "a b/c", "Buy", { count: 3 }, { idempotencyKey: "once", headers: { "x-tenant": "t" } })
  )

/** What `buy` fails with when it is answered so. */
const refusedWith = (answer: StandInAnswer | undefined, options: Partial<IngressOptions> = {}) =>
  Effect.scoped(Effect.flatMap(standIn(answer), ({ url }) => Effect.flip(buy(url, options))))

describe("the typed ingress client", () => {
  it.scopedLive("encodes input and key, and decodes the answer", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* standIn({ status: 200, body: { total: 7 } })
      const headers = { authorization: Redacted.make("Bearer secret") }
      assert.deepStrictEqual(yield* buy(`${url}/below/`, { headers }), { total: 7 })
      assert.strictEqual(seen[0]?.path, "/below/Shop/a%20b%2Fc/Buy")
      assert.deepInclude(seen[0]?.headers, {
        "idempotency-key": "once",
        "x-tenant": "t",
        authorization: "Bearer secret",
        "content-type": "application/json",
        [typedFailuresHeader]: "true"
      })
      assert.deepStrictEqual(JSON.parse(seen[0]?.body ?? ""), { count: "3" })
    })
  )

  it.scopedLive("says of raw bytes that they are no JSON", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* standIn({ status: 200, body: "pong" })
      const Raw = Contract.service("Raw", { Ping: { input: RawBytes, output: RawBytes } })
      const answer = yield* (yield* clientAt(url)).call(Raw, "Ping", new TextEncoder().encode("ping"))
      assert.strictEqual(new TextDecoder().decode(answer), "pong")
      assert.deepStrictEqual([seen[0]?.body, seen[0]?.headers["content-type"]], ["ping", "application/octet-stream"])
    })
  )

  it.scopedLive("turns a declared failure back into its class", () =>
    Effect.gen(function* () {
      const metadata = { [failureMetadata]: '{"_tag":"SoldOut","left":1}' }
      const error = yield* refusedWith({ status: 409, body: { code: 409, message: "sold out", metadata } })
      assert.instanceOf(error, SoldOut)
      assert.strictEqual(error.left, 1)
    })
  )

  it.scopedLive("keeps code, message and public metadata of a failure that the contract does not declare", () =>
    Effect.gen(function* () {
      const error = yield* refusedWith({ status: 400, body: { code: 400, message: "count: must be a number" } })
      assert.instanceOf(error, CallFailed)
      assert.deepStrictEqual([error.code, error.reason, error.metadata], [400, "count: must be a number", undefined])
      const metadata = { [failureMetadata]: '{"_tag":"Other"}', item: "a" }
      const shown = yield* refusedWith({ status: 409, body: { code: 409, message: "sold out", metadata } })
      assert.instanceOf(shown, CallFailed)
      assert.deepStrictEqual(shown.metadata, { item: "a" })
    })
  )

  it.scopedLive("answers a send with the invocation that Restate has stored, and clamps its delay", () =>
    Effect.gen(function* () {
      const accepted = { invocationId: "inv_1", status: "Accepted" } as const
      const { url, seen } = yield* standIn({ status: 202, body: accepted })
      const ingress = yield* clientAt(url)
      for (const delay of ["2 seconds", "1.5 millis", Duration.infinity] as const)
        assert.deepStrictEqual(yield* ingress.send(Shop, "k", "Buy", { count: 1 }, { delay }), accepted)
      assert.deepStrictEqual(
        seen.map(({ path }) => path),
        ["2000", "2", "3153600000000"].map((millis) => `/Shop/k/Buy/send?delay=${millis}ms`)
      )
    })
  )

  it.scopedLive("attaches by invocation id and by idempotency key, and tells an output that is not there yet", () =>
    Effect.gen(function* () {
      const done = yield* standIn({ status: 200, body: { total: 7 } })
      const ingress = yield* clientAt(done.url)
      const byKey = { key: "a/b", idempotencyKey: "c" }
      assert.deepStrictEqual(yield* ingress.attach(Shop, "Buy", { invocationId: "inv_1" }), { total: 7 })
      assert.deepStrictEqual(yield* ingress.attach(Shop, "Buy", byKey), { total: 7 })
      assert.deepStrictEqual(yield* ingress.output(Shop, "Buy", byKey), Option.some({ total: 7 }))
      assert.deepStrictEqual(
        done.seen.map(({ method, path }) => `${method} ${path}`),
        [
          "GET /restate/invocation/inv_1/attach",
          "GET /restate/invocation/Shop/a%2Fb/Buy/c/attach",
          "GET /restate/invocation/Shop/a%2Fb/Buy/c/output"
        ]
      )
      yield* ingress.attach(Shop, "Buy", { ...byKey, idempotencyKey: "c d" })
      yield* ingress.output(Shop, "Buy", { ...byKey, scope: "s" })
      const target = { target: "idempotentInvocation", service: "Shop", key: "a/b", handler: "Buy" }
      assert.deepStrictEqual(
        done.seen.slice(3).map(({ body, method, path }) => [`${method} ${path}`, JSON.parse(body)]),
        [
          ["POST /restate/attach", { ...target, idempotencyKey: "c d" }],
          ["POST /restate/output", { ...target, idempotencyKey: "c", scope: "s" }]
        ]
      )
      const running = yield* standIn({ status: 470, body: { code: 470, message: "not ready" } })
      const output = yield* (yield* clientAt(running.url)).output(Shop, "Buy", { invocationId: "inv_1" })
      assert.isTrue(Option.isNone(output))
    })
  )

  it.scopedLive("asks a service without a key", () =>
    Effect.gen(function* () {
      const Mails = Contract.service("Mails", { Send: {} })
      const { url, seen } = yield* standIn({ status: 200 })
      yield* (yield* clientAt(url)).call(Mails, "Send", undefined)
      assert.deepStrictEqual([seen[0]?.path, seen[0]?.headers["content-type"]], ["/Mails/Send", undefined])
    })
  )

  it.scopedLive("says that the ingress is unavailable when nothing listens, or another server does", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(standIn())
      const nothing = yield* Effect.flip(buy(closed.url))
      assert.instanceOf(nothing, IngressUnavailable)
      assert.include(nothing.message, "ECONNREFUSED")
      assert.deepStrictEqual([nothing.status, nothing.cause instanceof TypeError], [undefined, true])
      const other = yield* refusedWith({ status: 502, body: "<html>" })
      assert.instanceOf(other, IngressUnavailable)
      assert.strictEqual(other.status, 502)
    })
  )

  it.scopedLive("tells an ingress that cannot serve from a handler that fails with the same status", () =>
    Effect.gen(function* () {
      const body = { code: 503, message: "no leader" }
      const ofIngress = yield* refusedWith({ status: 503, body: { ...body, source: "ingress" } })
      const ofHandler = yield* refusedWith({ status: 503, body: { ...body, source: "invocation" } })
      assert.deepStrictEqual([ofIngress._tag, ofHandler._tag], ["IngressUnavailable", "CallFailed"])
      assert.propertyVal(ofIngress, "status", 503)
    })
  )

  it.scopedLive("gives up on an answer that does not come, or is larger than allowed, and follows no redirect", () =>
    Effect.gen(function* () {
      const late = yield* refusedWith(undefined, { answerTimeout: "100 millis" })
      assert.strictEqual(late._tag, "IngressUnavailable")
      assert.include(late.message, "no answer within 100ms")
      const large = yield* refusedWith(
        { status: 200, body: { total: 1, more: "x".repeat(100) } },
        { maxAnswerBytes: 100 }
      )
      assert.strictEqual(large._tag, "UnreadableAnswer")
      const other = yield* standIn({ status: 200, body: { total: 7 } })
      const moved = yield* refusedWith({ status: 307, headers: { location: other.url } })
      assert.strictEqual(moved._tag, "IngressUnavailable")
      assert.lengthOf(other.seen, 0)
    })
  )

  it.scopedLive("an answer that its contract does not describe is no reason to ask again", () =>
    Effect.gen(function* () {
      const error = yield* refusedWith({ status: 200, body: { total: "7" } })
      assert.deepStrictEqual([error._tag, "retryable" in error], ["UnreadableAnswer", false])
    })
  )

  it.effect("an address with credentials is refused before it could be quoted", () =>
    Effect.gen(function* () {
      for (const url of ["http://user:secret@127.0.0.1:1", "ftp://127.0.0.1", "nothing"]) {
        const exit = yield* Effect.exit(clientAt(url))
        assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
        assert.notInclude(JSON.stringify(exit), "secret")
      }
    })
  )
})
