import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient } from "../../../../test/support/stack/Restate.ts"
import { Ingress } from "../../src/ingress/Ingress.ts"
import { probe, probeContract } from "../fixtures/Probe.ts"
import { freshKey } from "../suite/Host.ts"
import { probeOptions, servingServer } from "./serverHost.ts"

/** What Restate 1.7 switches on for scopes. */
const experiments = Object.fromEntries(
  [
    "PROTOCOL_V7",
    "VQUEUES",
    "SCOPED_VIRTUAL_OBJECTS",
    "SCOPED_STATE_TABLE_MIGRATION",
    "SCOPED_PROMISE_TABLE_MIGRATION"
  ].map((name) => [`RESTATE_EXPERIMENTAL_ENABLE_${name}`, "true"])
)
const server = servingServer("1 minute", [probe("Explicit", probeOptions("Explicit"))], [], undefined, experiments)

layer(server, { excludeTestServices: true, timeout: "1 minute" })("a server with scopes", (it) => {
  it.effect("scope, limit key and idempotency key of a call or a send reach its handler", () =>
    Effect.gen(function* () {
      const client = yield* RestateClient
      const { body, status } = yield* client.call(`Explicit/${yield* freshKey}/asksInScope`)
      assert.strictEqual(status, 200, JSON.stringify(body))
      const called = { scope: "tenant-1", limitKey: "key/1", idempotencyKey: "once" }
      assert.deepStrictEqual(body, [called, { scope: "tenant-2" }])
    })
  )

  it.effect("a call through the ingress goes into its scope", () =>
    Effect.gen(function* () {
      const { ingress: url } = yield* RestateClient
      const client = yield* Effect.provide(Ingress, Ingress.layer({ url }))
      const options = { scope: "tenant-1", limitKey: "key/1", idempotencyKey: "once" }
      const told = yield* client.call(probeContract("Explicit"), yield* freshKey, "tellsScope", undefined, options)
      assert.deepStrictEqual(told, options)
      const sent = yield* client.send(probeContract("Explicit"), yield* freshKey, "tellsScope", undefined, {
        scope: "tenant-2",
        delay: "10 millis"
      })
      const later = yield* client.attach(probeContract("Explicit"), "tellsScope", sent)
      assert.strictEqual(later.scope, "tenant-2")
    })
  )
})
