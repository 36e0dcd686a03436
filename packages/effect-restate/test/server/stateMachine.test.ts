import * as http2 from "node:http2"
import { assert, layer } from "@effect/vitest"
import * as restate from "@restatedev/restate-sdk"
import { Effect, Layer } from "effect"
import { RestateClient, testRestate } from "../../../../test/support/stack/Restate.ts"
import { bind } from "../../src/attempt/BoundObject.ts"
import { journalOf, type MakeJournal, sdkJournal } from "../../src/attempt/journalOf.ts"
import { silentObserver } from "../../src/attempt/Observer.ts"
import { hasStateMachine, type StateMachine } from "../../src/attempt/StateMachine.ts"
import { sdkDefinition } from "../../src/attempt/sdkDefinition.ts"
import { defaultLimits } from "../../src/contract/Limits.ts"
import { probe } from "../fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "../fixtures/Recorder.ts"
import { freshKey, poll } from "../suite/Host.ts"
import { probeOptions } from "./serverHost.ts"

const kinds = { Machine: journalOf, Promises: sdkJournal }

/** Every payload in the journal with its bytes turned around. */
const turned: restate.JournalValueCodec = {
  encode: (bytes) => bytes.toReversed(),
  decode: async (bytes) => bytes.toReversed()
}

const machines: Array<StateMachine> = []
const hookedSteps: Array<string> = []

/** Keeps the state machines that attempts of the SDK have. */
const observed =
  (journal: MakeJournal): MakeJournal =>
  (context, explicitCancellation) => {
    if (!hasStateMachine(context)) assert.fail("the SDK has no such state machine")
    machines.push(context.coreVm)
    return journal(context, explicitCancellation)
  }

const listen = (handler: (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.async<http2.Http2Server>((resume) => {
      const server = http2.createServer(handler)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )

/** The probe on each kind of journal, served by the SDK's own endpoint with a codec and with hooks around steps. */
const served = Layer.scopedDiscard(
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<Recorder>()
    const services = Object.entries(kinds).map(([name, journal]) =>
      sdkDefinition(
        bind(probe(name, probeOptions("Explicit")), runtime, silentObserver, defaultLimits),
        observed(journal)
      )
    )
    const hooks: restate.HooksProvider = ({ request }) => ({
      interceptor: {
        run: async (name, next) => {
          await next()
          hookedSteps.push(`${request.target.service} ${name}`)
        }
      }
    })
    const server = yield* listen(
      restate.createEndpointHandler({
        services,
        logger: () => {},
        journalValueCodecProvider: () => Promise.resolve(turned),
        defaultServiceOptions: { hooks: [hooks] }
      })
    )
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    yield* (yield* RestateClient).register(`http://127.0.0.1:${port}`)
  })
).pipe(
  Layer.provideMerge(Layer.sync(Recorder, memoryRecorder)),
  Layer.provideMerge(testRestate({ inactivityTimeout: "0 millis" }))
)

layer(served, { excludeTestServices: true, timeout: "1 minute" })("the SDK that is installed", (it) => {
  it.effect("has the state machine that journals are driven on, and it is freed after each attempt", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      machines.length = 0
      for (const _ of [1, 2, 3]) yield* restate.call(`Machine/${yield* freshKey}/sequence`)
      assert.isAtLeast(machines.length, 3)
      // The SDK's binding has no pointer once the memory behind it is given back.
      const isFreed = (machine: StateMachine) => Reflect.get(machine, "__wbg_ptr") === 0
      yield* poll(
        "all are freed",
        Effect.sync(() => machines.every(isFreed))
      )
    })
  )

  for (const name of Object.keys(kinds)) {
    it.effect(`runs steps under a codec and hooks of the endpoint (${name})`, () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const id = yield* restate.send(`${name}/${yield* freshKey}/hanging`)
        // The step's result was read back from the journal; nothing turns the answer around again on its way out.
        assert.strictEqual((yield* restate.attach(id)).body, "derewsna")
        assert.strictEqual(hookedSteps.filter((hooked) => hooked === `${name} ask`).length, 1)
      })
    )
  }
})
