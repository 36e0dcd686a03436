import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { htmlPage, problem } from "../../dev/simulators/authority/answers.ts"
import { StandInCa, standInCa } from "../../dev/simulators/StandInCa.ts"
import { Pebble } from "../../dev/stack/Pebble.ts"
import { Acme } from "../../src/services/certificate/Acme.ts"
import { Pki } from "../../src/services/certificate/Pki.ts"
import { issue } from "../services/Acme.contract.ts"
import { pebbleWorld } from "../support/acme/pebbleWorld.ts"
import { asked, standInClient } from "../support/acme/standInWorld.ts"
import { named } from "../support/named.ts"

const inFrontOfPebble = Layer.unwrapEffect(
  Effect.map(Pebble, ({ directoryUrl, tlsRoot }) => standInCa({ inFrontOf: { directoryUrl, tlsRoot } }))
)

layer(Layer.provideMerge(inFrontOfPebble, pebbleWorld()), { excludeTestServices: true })(
  "the stand-in for a certificate authority, in front of a real one",
  (it) => {
    it.scoped("gives the scripted answers once, in their order, and passes on everything else", () =>
      Effect.gen(function* () {
        const standIn = yield* StandInCa
        const client = yield* Effect.map(Layer.build(standInClient()), Context.get(Acme))
        const key = yield* (yield* Pki).generateAccountKey
        const account = { key, url: yield* client.register(key) }
        yield* standIn.script("new-order", problem("rateLimited", { status: 429 }), htmlPage(503))
        const order = Effect.flip(client.createOrder(account, { names: [named("a.test")] }))
        assert.deepInclude(yield* order, { type: "rateLimited" })
        assert.deepInclude(yield* order, { reason: "unavailable", status: 503 })
        yield* issue(client, account, [named("a.test")], "http-01")
        assert.lengthOf(
          (yield* asked).filter((operation) => operation === "new-order"),
          3
        )
        yield* standIn.reset
        assert.deepStrictEqual(yield* asked, [])
      })
    )
  }
)
