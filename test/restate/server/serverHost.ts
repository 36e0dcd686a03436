import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Schema } from "effect"
import { bind } from "../../../src/restate/BoundObject.ts"
import { countSteps, serveEndpoint } from "../../../src/restate/Endpoint.ts"
import type { ObjectOptions } from "../../../src/restate/Implementation.ts"
import { silentObserver } from "../../../src/restate/Observer.ts"
import { virtualObject } from "../../../src/restate/VirtualObject.ts"
import { type Reply, RestateClient, type RestateClientShape, testRestate } from "../../support/stack/Restate.ts"
import { probe } from "../fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "../fixtures/Recorder.ts"
import { telemetryLayer } from "../fixtures/telemetry.ts"
import { type Answer, Host, poll } from "../suite/Host.ts"

/** The probe is served twice by one endpoint, once in each cancellation mode, under the mode's name. */
export type Mode = "Explicit" | "Implicit"

const Failure = Schema.Struct({
  message: Schema.String,
  metadata: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })
})

const answerOf = ({ status, body }: Reply): Answer => {
  if (status === 200) return { status, body, metadata: {} }
  const failure = Schema.decodeUnknownSync(Failure)(body)
  return { status, body: failure.message, metadata: failure.metadata }
}

/** A server's own refusals are retried without end so that a defect is never the reason why a test passes. */
const probeOptions = (mode: Mode): ObjectOptions => ({
  cancellation: mode === "Explicit" ? "explicit" : "implicit",
  retry: { initialInterval: "20 millis", maxInterval: "200 millis" }
})

const endpoint = Layer.scopedDiscard(
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<Recorder>()
    const restate = yield* RestateClient
    const steps = countSteps(silentObserver)
    const serve = (mode: Mode) => virtualObject(bind(probe(mode, probeOptions(mode)), runtime, steps.observer))
    const { host, port } = yield* serveEndpoint([serve("Explicit"), serve("Implicit")], steps, {
      host: "127.0.0.1",
      port: 0,
      identityKeys: [],
      drain: 0
    })
    yield* restate.register(`http://${host}:${port}`)
  })
)

/** A Restate server with this inactivity timeout, and the probe served to it. */
export const probedServer = (inactivityTimeout: "0 millis" | "1 second" | "1 minute") =>
  endpoint.pipe(
    Layer.provideMerge(Layer.sync(Recorder, memoryRecorder)),
    Layer.provideMerge(telemetryLayer),
    Layer.provideMerge(testRestate({ inactivityTimeout }))
  )

const settle = (restate: RestateClientShape, id: string, how: "resolve" | "reject", body: HttpBody.HttpBody) =>
  HttpClientRequest.post(`${restate.ingress}/restate/awakeables/${id}/${how}`).pipe(
    HttpClientRequest.setBody(body),
    HttpClient.execute,
    Effect.provide(FetchHttpClient.layer),
    Effect.scoped,
    Effect.orDie,
    Effect.asVoid
  )

/** The probe in one mode on the server of the context. */
export const serverHost = (mode: Mode, suspendsAtOnce: boolean) =>
  Layer.effect(
    Host,
    Effect.map(RestateClient, (restate) =>
      Host.of({
        suspendsAtOnce,
        call: (key, handler, input) =>
          restate.call(`${mode}/${key}/${handler}`, input).pipe(Effect.map(answerOf), Effect.orDie),
        send: (key, handler, input) => Effect.orDie(restate.send(`${mode}/${key}/${handler}`, input)),
        attach: (id) => restate.attach(id).pipe(Effect.map(answerOf), Effect.orDie),
        cancel: (id) => Effect.orDie(restate.cancel(id)),
        kill: (id) => Effect.orDie(restate.kill(id)),
        resolveAwakeable: (id, value) => settle(restate, id, "resolve", HttpBody.unsafeJson(value)),
        rejectAwakeable: (id, reason) => settle(restate, id, "reject", HttpBody.text(reason)),
        untilPaused: (id) =>
          poll(`${id} paused`, Effect.orDie(Effect.map(restate.invocation(id), (row) => row?.status === "paused"))),
        until: poll
      })
    )
  )
