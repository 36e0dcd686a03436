import type { Effect, Scope } from "effect"
import { type Address, type EndpointUnavailable, Restate } from "effect-restate/node"
import { MaintenanceWorkflows } from "./MaintenanceWorkflows.ts"
import type { StatusPage } from "./StatusPage.ts"

/** A worker with this one service, on a free port of this machine, until the scope closes. */
export const served: Effect.Effect<Address, EndpointUnavailable, Scope.Scope | StatusPage> = Restate.listen({
  services: [MaintenanceWorkflows],
  host: "127.0.0.1",
  port: 0
})
