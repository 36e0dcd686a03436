import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import * as restate from "@restatedev/restate-sdk"
import { Effect, Option } from "effect"
import { RestateClient } from "../../../../test/support/stack/Restate.ts"
import { probe } from "../fixtures/Probe.ts"
import { Telemetry } from "../fixtures/telemetry.ts"
import { freshKey, poll, recorded } from "../suite/Host.ts"
import { probeOptions, servingServer } from "./serverHost.ts"

const service = "Explicit"

/** Sends a named signal, which the ingress cannot and our own handlers need not. */
const signaller = restate.object({
  name: "Signaller",
  handlers: {
    go: async (context: restate.ObjectContext, id: string) => {
      const invocation = restate.InvocationIdParser.fromString(id)
      context.invocation(invocation).signal("go").resolve({ at: "1970-01-01T00:00:00.000Z" })
    }
  }
})

const send = (request: HttpClientRequest.HttpClientRequest) =>
  HttpClient.execute(request).pipe(
    Effect.flatMap((response) => Effect.map(response.json, (body) => ({ status: response.status, body }))),
    Effect.provide(FetchHttpClient.layer)
  )

const server = servingServer("1 minute", [probe(service, probeOptions("Explicit"))], [signaller])

layer(server, { excludeTestServices: true, timeout: "1 minute" })("what callers and operators see", (it) => {
  it.effect("a body that is not JSON is refused with 400 and no body runs", () =>
    Effect.gen(function* () {
      const { ingress } = yield* RestateClient
      const key = yield* freshKey
      const request = HttpClientRequest.post(`${ingress}/${service}/${key}/add`)
      const reply = yield* send(HttpClientRequest.setBody(request, HttpBody.text("{", "application/json")))
      assert.strictEqual(reply.status, 400)
      assert.include(JSON.stringify(reply.body), "not JSON")
      assert.deepStrictEqual(yield* recorded(key), [])
    })
  )

  it.effect("a handler that is private to the ingress is refused there", () =>
    Effect.gen(function* () {
      const client = yield* RestateClient
      const reply = yield* client.call(`${service}/${yield* freshKey}/hidden`)
      assert.strictEqual(reply.status, 400)
      assert.include(JSON.stringify(reply.body), "not public")
    })
  )

  it.effect("discovery publishes schemas, privacy and modes, and a retry policy that pauses and never kills", () =>
    Effect.gen(function* () {
      const { admin } = yield* RestateClient
      const { body } = yield* send(HttpClientRequest.get(`${admin}/services/${service}`))
      const published = body as {
        readonly handlers: ReadonlyArray<Readonly<Record<string, unknown>> & { readonly name: string }>
        readonly retry_policy: Readonly<Record<string, unknown>>
      }
      const handler = (name: string) => published.handlers.find((it) => it.name === name) ?? assert.fail(name)
      assert.nestedPropertyVal(handler("add"), "input_json_schema.properties.by.type", "number")
      assert.nestedPropertyVal(handler("add"), "output_json_schema.type", "number")
      assert.strictEqual(handler("hidden").public, false)
      assert.strictEqual(handler("add").public, true)
      assert.strictEqual(handler("peek").ty, "Shared")
      assert.strictEqual(handler("add").ty, "Exclusive")
      assert.strictEqual(published.retry_policy.on_max_attempts, "Pause")
    })
  )

  it.effect("an attempt's span continues the trace that its caller sent", () =>
    Effect.gen(function* () {
      const client = yield* RestateClient
      const { spans } = yield* Telemetry
      const key = yield* freshKey
      // The HTTP client sends its own span along, as a `traceparent` header.
      const { traceId } = yield* Effect.zipLeft(Effect.currentSpan, client.call(`${service}/${key}/spans`)).pipe(
        Effect.withSpan("caller")
      )
      const attempt = () => spans.find((span) => span.attributes.get("restate.invocation.key") === key)
      yield* poll(
        "the attempt's span",
        Effect.sync(() => attempt() !== undefined)
      )
      assert.strictEqual(attempt()?.traceId, traceId)
      const parent = Option.getOrUndefined(attempt()?.parent ?? Option.none())
      assert.strictEqual(parent?._tag, "ExternalSpan")
      assert.include(
        spans.filter((span) => span.kind === "client").map(({ spanId }) => spanId),
        parent?.spanId
      )
      const workflow = spans.find((span) => span.name === "workflow" && span.traceId === traceId)
      assert.strictEqual(Option.getOrUndefined(workflow?.parent ?? Option.none())?.spanId, attempt()?.spanId)
    })
  )

  it.effect("an operation of the SDK's context loses a race to a timer, and the workflow goes on", () =>
    Effect.gen(function* () {
      const client = yield* RestateClient
      assert.strictEqual((yield* client.call(`${service}/${yield* freshKey}/racesContext`)).body, "went on")
    })
  )

  it.effect("a workflow waits for a named signal, whose value goes through its schema", () =>
    Effect.gen(function* () {
      const client = yield* RestateClient
      const id = yield* client.send(`${service}/${yield* freshKey}/waitsForSignal`)
      yield* client.call(`Signaller/${yield* freshKey}/go`, id)
      assert.strictEqual((yield* client.attach(id)).body, "1970-01-01T00:00:00.000Z")
    })
  )
})
