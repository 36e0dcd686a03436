import { createServer } from "node:http"
import { FetchHttpClient, HttpApiSchema } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Contract } from "../src/contract/Contract.ts"
import { failureMetadata } from "../src/contract/TypedFailure.ts"
import { Ingress, ingressAt } from "../src/ingress/Ingress.ts"
import { CallFailed } from "../src/operations/DurableError.ts"

class SoldOut extends Schema.TaggedError<SoldOut>()(
  "SoldOut",
  { left: Schema.Number },
  HttpApiSchema.annotations({ status: 409 })
) {}

const Shop = Contract.object("Shop", {
  Buy: {
    input: Schema.Struct({ count: Schema.NumberFromString }),
    output: Schema.Struct({ total: Schema.Number }),
    error: SoldOut
  }
})

interface Seen {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Answers every request with the same status and body, and tells what it was asked. */
const standIn = (status: number, answer: unknown) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly seen: Array<Seen>; readonly close: () => void }>((resume) => {
      const seen: Array<Seen> = []
      const server = createServer((request, response) => {
        let body = ""
        request.on("data", (chunk) => {
          body += String(chunk)
        })
        request.on("end", () => {
          seen.push({ path: request.url ?? "", headers: request.headers, body })
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer))
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, seen, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const clientAt = (url: string) => Layer.provide(ingressAt(url), FetchHttpClient.layer)

const buy = (url: string) =>
  Effect.flatMap(Ingress, (ingress) =>
    ingress.call(Shop, "a b/c", "Buy", { count: 3 }, { idempotencyKey: "once" })
  ).pipe(Effect.provide(clientAt(url)))

describe("the typed ingress client", () => {
  it.scopedLive("encodes input and key, and decodes the answer", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* standIn(200, { total: 7 })
      assert.deepStrictEqual(yield* buy(url), { total: 7 })
      assert.strictEqual(seen[0]?.path, "/Shop/a%20b%2Fc/Buy")
      assert.strictEqual(seen[0]?.headers["idempotency-key"], "once")
      assert.deepStrictEqual(JSON.parse(seen[0]?.body ?? ""), { count: "3" })
    })
  )

  it.scopedLive("turns a declared failure back into its class", () =>
    Effect.gen(function* () {
      const failure = { code: 409, message: "sold out", metadata: { [failureMetadata]: '{"_tag":"SoldOut","left":1}' } }
      const { url } = yield* standIn(409, failure)
      const error = yield* Effect.flip(buy(url))
      assert.instanceOf(error, SoldOut)
      assert.strictEqual(error.left, 1)
    })
  )

  it.scopedLive("keeps code and message of a failure that the contract does not declare", () =>
    Effect.gen(function* () {
      const { url } = yield* standIn(400, { code: 400, message: "count: must be a number" })
      const error = yield* Effect.flip(buy(url))
      assert.instanceOf(error, CallFailed)
      assert.deepStrictEqual([error.code, error.reason], [400, "count: must be a number"])
    })
  )

  it.scopedLive("answers a send with the invocation that Restate has stored", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* standIn(202, { invocationId: "inv_1", status: "Accepted" })
      const ingress = yield* Effect.provide(Ingress, clientAt(url))
      const sent = yield* ingress.send(Shop, "k", "Buy", { count: 1 }, { delay: "2 seconds" })
      assert.deepStrictEqual(sent, { invocationId: "inv_1", status: "Accepted" })
      assert.strictEqual(seen[0]?.path, "/Shop/k/Buy/send?delay=2000ms")
    })
  )

  it.scopedLive("says that the ingress is unavailable when nobody listens, or somebody else does", () =>
    Effect.gen(function* () {
      const nobody = yield* Effect.flip(buy("http://127.0.0.1:1"))
      assert.strictEqual(nobody._tag, "IngressUnavailable")
      const { url } = yield* standIn(502, "<html>")
      const somebody = yield* Effect.flip(buy(url))
      assert.strictEqual(somebody._tag, "IngressUnavailable")
    })
  )
})
