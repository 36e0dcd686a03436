import { Effect, type Scope } from "effect"
import { bind, silentObserver } from "effect-restate"
import { type Address, countSteps, type EndpointUnavailable, serveEndpoint, virtualObject } from "effect-restate/node"
import { MaintenanceWorkflows } from "./MaintenanceWorkflows.ts"
import type { StatusPage } from "./StatusPage.ts"

/** A worker with this one service, on a free port of this machine, until the scope closes. */
export const served: Effect.Effect<Address, EndpointUnavailable, Scope.Scope | StatusPage> = Effect.gen(function* () {
  const runtime = yield* Effect.runtime<StatusPage>()
  const steps = countSteps(silentObserver)
  const maintenance = virtualObject(bind(MaintenanceWorkflows, runtime, steps.observer))
  return yield* serveEndpoint([maintenance], steps, {
    host: "127.0.0.1",
    port: 0,
    identityKeys: [],
    drain: "5 seconds"
  })
})
