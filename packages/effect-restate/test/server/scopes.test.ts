import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { RestateClient } from "../../../../test/support/stack/Restate.ts"
import { Ingress } from "../../src/ingress/Ingress.ts"
import { probe, probeContract } from "../fixtures/Probe.ts"
import { workflow, workflowContract } from "../fixtures/workflows.ts"
import { ScopeHost, scopeGuarantees } from "../suite/scopes.ts"
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
const served = [probe("Explicit", probeOptions("Explicit")), workflow("Explicit")]
const server = servingServer("1 minute", served, [], undefined, experiments)

const contract = probeContract("Explicit")
const approval = workflowContract("Explicit")

const host = Layer.effect(
  ScopeHost,
  Effect.gen(function* () {
    const { ingress: url } = yield* RestateClient
    const client = yield* Effect.provide(Ingress, Ingress.layer({ url }))
    return ScopeHost.of({
      asksInScope: (key) => Effect.orDie(client.call(contract, key, "asksInScope", undefined)),
      nap: (key, millis, options) => Effect.orDie(Effect.asVoid(client.send(contract, key, "nap", millis, options))),
      add: (key, by, options) => Effect.orDie(client.call(contract, key, "add", { by }, options)),
      tellsScope: (key, options) => Effect.orDie(client.call(contract, key, "tellsScope", undefined, options)),
      run: (id, options) => Effect.orDie(Effect.asVoid(client.send(approval, id, "run", undefined, options))),
      approve: (id, options) => Effect.orDie(client.call(approval, id, "approve", undefined, options)),
      attach: (ref) => client.attach(contract, "nap", ref),
      output: (ref) => client.output(contract, "nap", ref),
      attachRun: (ref) => client.attach(approval, "run", ref),
      outputOfRun: (ref) => client.output(approval, "run", ref)
    })
  })
)

layer(server, { excludeTestServices: true, timeout: "1 minute" })("a server with scopes", (it) => {
  it.layer(host)("and the ingress client", scopeGuarantees)
})
