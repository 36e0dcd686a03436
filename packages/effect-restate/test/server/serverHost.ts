import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe } from "@effect/vitest"
import { type Duration, Effect, Layer, Schema } from "effect"
import { refusalMembers } from "../../../../test/e2e/support/ingress.ts"
import {
  type Reply,
  RestateClient,
  type RestateClientShape,
  testRestate,
  untilInvocation
} from "../../../../test/support/stack/Restate.ts"
import { bind } from "../../src/attempt/BoundObject.ts"
import { type MakeJournal, sdkJournal } from "../../src/attempt/journalOf.ts"
import { silentObserver } from "../../src/attempt/Observer.ts"
import { type SdkDefinition, sdkDefinition } from "../../src/attempt/sdkDefinition.ts"
import type { Implementation, ObjectOptions } from "../../src/contract/Implementation.ts"
import { defaultLimits } from "../../src/contract/Limits.ts"
import { typedFailuresHeader } from "../../src/contract/TypedFailure.ts"
import { listen } from "../../src/node/Restate.ts"
import { probe } from "../fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "../fixtures/Recorder.ts"
import { service } from "../fixtures/services.ts"
import { telemetryLayer } from "../fixtures/telemetry.ts"
import { workflow } from "../fixtures/workflows.ts"
import { type Answer, type Beside, Host, poll } from "../suite/Host.ts"

/** What our own clients send. */
const typed = { [typedFailuresHeader]: "true" }

/** The probe is served by one endpoint in each cancellation mode, and with state that is asked for when it is read, under the mode's name. */
export type Mode = "Explicit" | "Implicit" | "Lazy"

const Failure = Schema.Struct({
  message: Schema.String,
  metadata: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })
})

const answerOf = ({ status, body }: Reply): Answer => {
  if (status === 200) return { status, body, metadata: {} }
  const failure = Schema.decodeUnknownSync(Failure)(body)
  return { status, body: failure.message, metadata: failure.metadata }
}

/** Retries that production spreads over minutes would only make a test slow. */
export const probeOptions = (mode: Mode): ObjectOptions => ({
  cancellation: mode === "Implicit" ? "implicit" : "explicit",
  lazyState: mode === "Lazy",
  retry: { initialInterval: "20 millis", maxInterval: "200 millis" }
})

/** Serves the objects of this program on a free port, and registers them with the server of the context. */
const served = (
  implementations: ReadonlyArray<Implementation<Recorder>>,
  others: ReadonlyArray<SdkDefinition>,
  journal: MakeJournal | undefined
) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const runtime = yield* Effect.runtime<Recorder>()
      const ours =
        journal === undefined
          ? implementations
          : implementations.map((it) => sdkDefinition(bind(it, runtime, silentObserver, defaultLimits), journal))
      const { host, port } = yield* listen({ services: [...ours, ...others], host: "127.0.0.1", port: 0, drain: 0 })
      yield* restate.register(`http://${host}:${port}`)
    })
  )

/** A Restate server with this inactivity timeout, and objects served to it. */
export const servingServer = (
  inactivityTimeout: Duration.DurationInput,
  implementations: ReadonlyArray<Implementation<Recorder>>,
  others: ReadonlyArray<SdkDefinition> = [],
  journal?: MakeJournal,
  env: Readonly<Record<string, string>> = {}
) =>
  served(implementations, others, journal).pipe(
    Layer.provideMerge(Layer.sync(Recorder, memoryRecorder)),
    Layer.provideMerge(telemetryLayer),
    Layer.provideMerge(testRestate({ inactivityTimeout, env }))
  )

const allModes = (["Explicit", "Implicit", "Lazy"] as const).flatMap((mode) => [
  probe(mode, probeOptions(mode)),
  service(mode, probeOptions(mode)),
  workflow(mode, probeOptions(mode))
])

/** A Restate server with this inactivity timeout, and the probe served to it in every mode. */
export const probedServer = (inactivityTimeout: Duration.DurationInput) => servingServer(inactivityTimeout, allModes)

/** The same on the SDK's promises, as with a version of the SDK whose state machine is not known. */
export const probedServerOnPromises = (inactivityTimeout: Duration.DurationInput) =>
  servingServer(inactivityTimeout, allModes, [], sdkJournal)

const settle = (restate: RestateClientShape, id: string, how: "resolve" | "reject", body: HttpBody.HttpBody) =>
  HttpClientRequest.post(`${restate.ingress}/restate/awakeables/${id}/${how}`).pipe(
    HttpClientRequest.setBody(body),
    HttpClient.execute,
    Effect.provide(FetchHttpClient.layer),
    Effect.scoped,
    Effect.orDie,
    Effect.asVoid
  )

const pathOf = (mode: Mode, target: Beside): string =>
  target.service === "Workflow" ? `${mode}Workflow/${target.key}/${target.handler}` : `${mode}Service/${target.handler}`

/** The probe in one mode on the server of the context. */
export const serverHost = (mode: Mode, suspendsAtOnce: boolean) =>
  Layer.effect(
    Host,
    Effect.map(RestateClient, (restate) =>
      Host.of({
        suspendsAtOnce,
        call: (key, handler, input) =>
          restate.call(`${mode}/${key}/${handler}`, input, typed).pipe(Effect.map(answerOf), Effect.orDie),
        callPlainly: (key, handler) =>
          restate.call(`${mode}/${key}/${handler}`).pipe(
            Effect.map((reply) => {
              const answer = answerOf(reply)
              const shown = Object.keys(answer.metadata).length === 0 ? [] : ["metadata"]
              if (answer.status !== 200) assert.hasAllKeys(reply.body, [...refusalMembers, ...shown])
              return answer
            }),
            Effect.orDie
          ),
        send: (key, handler, input) => Effect.orDie(restate.send(`${mode}/${key}/${handler}`, input, typed)),
        beside: {
          call: (target, input, { idempotencyKey } = {}) =>
            restate
              .call(pathOf(mode, target), input, {
                ...typed,
                ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey })
              })
              .pipe(Effect.map(answerOf), Effect.orDie),
          send: (target, input) => Effect.orDie(restate.send(pathOf(mode, target), input, typed))
        },
        attach: (id) => restate.attach(id).pipe(Effect.map(answerOf), Effect.orDie),
        cancel: (id) => Effect.orDie(restate.cancel(id)),
        kill: (id) => Effect.orDie(restate.kill(id)),
        pause: (id) => Effect.orDie(restate.pause(id)),
        resume: (id) => Effect.orDie(restate.resumeOnNewest(id)),
        untilPaused: (id) => Effect.orDie(untilInvocation(restate, id, ({ status }) => status === "paused")),
        resolveAwakeable: (id, value) => settle(restate, id, "resolve", HttpBody.unsafeJson(value)),
        rejectAwakeable: (id, reason) => settle(restate, id, "reject", HttpBody.text(reason)),
        until: poll
      })
    )
  )

/** Runs tests of a host beside each other: they wait more than they compute, and each has keys of its own. */
export const besideEachOther =
  <It>(tests: (it: It) => void) =>
  (it: It): void => {
    describe.concurrent("tests beside each other", () => tests(it))
  }
