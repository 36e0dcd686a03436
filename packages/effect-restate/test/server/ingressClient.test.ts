import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Schema } from "effect"
import { RestateClient } from "../../../../test/support/stack/Restate.ts"
import { Ingress } from "../../src/ingress/Ingress.ts"
import { Refused } from "../fixtures/failures.ts"
import { probe, probeContract } from "../fixtures/Probe.ts"
import { workflow, workflowContract } from "../fixtures/workflows.ts"
import { freshKey, poll, recorded } from "../suite/Host.ts"
import { probeOptions, servingServer } from "./serverHost.ts"

const contract = probeContract("Explicit")
const approval = workflowContract("Explicit")
const Verdict = Schema.Struct({ at: Schema.Date })
const ingress = Layer.unwrapEffect(
  Effect.map(RestateClient, ({ ingress: url }) => Ingress.layer({ url, answerTimeout: "30 seconds" }))
)
const server = Layer.provideMerge(
  ingress,
  servingServer("1 minute", [probe("Explicit", probeOptions("Explicit")), workflow("Explicit")])
)

layer(server, { excludeTestServices: true, timeout: "1 minute" })("the ingress client on a server", (it) => {
  it.effect("a call answers with the handler's output, or its failure as the same class", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const key = yield* freshKey
      assert.strictEqual(yield* client.call(contract, key, "add", { by: 2 }), 2)
      assert.instanceOf(yield* Effect.flip(client.call(contract, key, "refused", undefined)), Refused)
    })
  )

  for (const idempotencyKey of ["nap", "a nap/1 %"])
    it.effect(
      `an invocation that was sent is attached to by id and by idempotency key "${idempotencyKey}", and its output is polled`,
      () =>
        Effect.gen(function* () {
          const client = yield* Ingress
          const key = yield* freshKey
          const options = { idempotencyKey }
          const sent = yield* client.send(contract, key, "nap", 300, options)
          assert.strictEqual(sent.status, "Accepted")
          assert.strictEqual((yield* client.send(contract, key, "nap", 300, options)).status, "PreviouslyAccepted")
          const byKey = { key, idempotencyKey }
          assert.isTrue(Option.isNone(yield* client.output(contract, "nap", byKey)))
          assert.strictEqual(yield* client.attach(contract, "nap", sent), "slept")
          assert.strictEqual(yield* client.attach(contract, "nap", byKey), "slept")
          assert.deepStrictEqual(yield* client.output(contract, "nap", sent), Option.some("slept"))
        })
    )

  it.effect("raw bytes are sent and answered as they are", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const bytes = Uint8Array.of(0, 255, 128)
      const call = client.call(contract, yield* freshKey, "reverses", bytes)
      assert.deepStrictEqual([...(yield* call)], [128, 255, 0])
      const sent = yield* client.send(contract, yield* freshKey, "reverses", bytes)
      assert.deepStrictEqual([...(yield* client.attach(contract, "reverses", sent))], [128, 255, 0])
    })
  )

  it.effect("a failure that is attached to later is the same class", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const options = { idempotencyKey: "refused" }
      const sent = yield* client.send(contract, yield* freshKey, "refused", undefined, options)
      assert.instanceOf(yield* Effect.flip(client.attach(contract, "refused", sent)), Refused)
    })
  )

  it.effect("a workflow that was submitted is queried, decided and attached to by its id", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const workflowId = yield* freshKey
      yield* client.send(approval, workflowId, "run", undefined)
      yield* poll(
        "the workflow waits",
        Effect.orDie(
          Effect.map(client.call(approval, workflowId, "status", undefined), ({ phase }) => phase === "waiting")
        )
      )
      assert.isTrue(Option.isNone(yield* client.output(approval, "run", { workflowId })))
      yield* client.call(approval, workflowId, "approve", undefined)
      const answer = yield* client.attach(approval, "run", { workflowId })
      assert.strictEqual(answer, "approved at 1970-01-01T00:00:00.000Z")
      assert.deepStrictEqual(yield* client.output(approval, "run", { workflowId }), Option.some(answer))
    })
  )

  it.effect("a send without an end is accepted, and kept", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const key = yield* freshKey
      const sent = yield* client.send(contract, key, "add", { by: 1 }, { delay: Duration.infinity })
      assert.isTrue(Option.isNone(yield* client.output(contract, "add", sent)))
      yield* Effect.flatMap(RestateClient, (restate) => restate.kill(sent.invocationId))
    })
  )

  const awaiting = Effect.gen(function* () {
    const client = yield* Ingress
    const key = yield* freshKey
    const sent = yield* client.send(contract, key, "waits", undefined)
    yield* poll(
      "the awakeable's id",
      Effect.map(recorded(key), (notes) => notes.length > 0)
    )
    return { sent, awakeable: String((yield* recorded(key))[0]) }
  })

  it.effect("an awakeable is resolved through its schema, or rejected with a reason", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const resolved = yield* awaiting
      yield* client.resolveAwakeable(resolved.awakeable, Verdict, { at: new Date(0) })
      assert.strictEqual(yield* client.attach(contract, "waits", resolved.sent), "1970-01-01T00:00:00.000Z")
      const rejected = yield* awaiting
      yield* client.rejectAwakeable(rejected.awakeable, "no, “thanks”")
      assert.strictEqual(yield* client.attach(contract, "waits", rejected.sent), "rejected: no, “thanks”")
    })
  )

  it.effect("what the ingress refuses is a failure with its status", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const key = yield* freshKey
      const codeOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.map(Effect.flip(effect), (error) => (error as { readonly code?: number }).code)
      assert.strictEqual(yield* codeOf(client.call(contract, key, "hidden", undefined)), 400)
      const unknown = { key, idempotencyKey: "never" }
      assert.strictEqual(yield* codeOf(client.attach(contract, "add", unknown)), 404)
      assert.strictEqual(yield* codeOf(client.resolveAwakeable("prom_1", Verdict, { at: new Date(0) })), 400)
    })
  )

  it.effect("a server without scopes refuses what is asked for in one, and finds nothing in one", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const key = yield* freshKey
      const inScope = { idempotencyKey: "once", scope: "tenant-1" }
      const refused = yield* Effect.flip(client.send(contract, key, "nap", 1, inScope))
      assert.deepInclude(refused, { _tag: "CallFailed", code: 400 })
      const unknown = yield* Effect.flip(client.output(contract, "nap", { key, ...inScope }))
      assert.deepInclude(unknown, { _tag: "CallFailed", code: 404 })
    })
  )

  it.effect("a wait ends at its timeout while the invocation goes on", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const key = yield* freshKey
      const error = yield* Effect.flip(client.call(contract, key, "nap", 400, { timeout: "100 millis" }))
      assert.strictEqual(error._tag, "IngressUnavailable")
      yield* poll(
        "the end of the nap",
        Effect.map(recorded(key), (notes) => notes.includes("after"))
      )
    })
  )
})
