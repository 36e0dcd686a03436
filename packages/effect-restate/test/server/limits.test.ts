import { assert, layer } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { RestateClient, testRestate, untilInvocation } from "../../../../test/support/stack/Restate.ts"
import { defaultLimits, type Limits } from "../../src/contract/Limits.ts"
import { listen } from "../../src/node/Restate.ts"
import { StoreLive } from "../fixtures/stores.ts"

const larger = "x".repeat(defaultLimits.payloadBytes)
const raised = { payloadBytes: 4 * defaultLimits.payloadBytes }

/** The newest version of the service from here on. */
const servedWith = (limits: Partial<Limits>) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const { host, port } = yield* listen({ services: [StoreLive], host: "127.0.0.1", port: 0, drain: 0, limits })
    yield* restate.register(`http://${host}:${port}`)
  })

layer(testRestate(), { excludeTestServices: true, timeout: "1 minute" })(
  "the limit of payloads on a real Restate",
  (it) => {
    it.scoped("keeps what is larger from being written, and read, until it is raised", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        yield* servedWith(raised)
        assert.deepInclude(yield* restate.call("Store/a/put", larger), { status: 200, body: larger.length })
        yield* servedWith({})
        assert.strictEqual((yield* restate.call("Store/b/put", larger)).status, 400)
        const reading = yield* restate.send("Store/a/size")
        yield* untilInvocation(restate, reading, ({ status }) => status === "paused")
        yield* servedWith(raised)
        yield* restate.resumeOnNewest(reading)
        assert.deepInclude(yield* restate.attach(reading), { status: 200, body: larger.length })
      }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
    )
  }
)
