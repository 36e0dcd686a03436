import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { RestateClient, testRestate } from "../../../../test/support/stack/Restate.ts"
import { RecorderTest, serve } from "../fixtures/serving.ts"
import { freshKey } from "../suite/Host.ts"

layer(Layer.merge(RecorderTest, testRestate()), { excludeTestServices: true, timeout: "1 minute" })(
  "a test that serves where an earlier one did",
  (it) => {
    it.scoped("gets what is called, although other addresses were registered meanwhile", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const registered = (port: number) =>
          Effect.tap(serve({ port }), (served) => restate.register(`http://127.0.0.1:${served.port}`))
        const { port } = yield* Effect.scoped(registered(0))
        yield* Effect.scoped(registered(0))
        yield* registered(port)
        const id = yield* restate.send(`Probe/${yield* freshKey}/callsRefused`, undefined)
        assert.strictEqual((yield* restate.attach(id)).body, "a 3")
      }).pipe(Effect.timeout("30 seconds"))
    )
  }
)
