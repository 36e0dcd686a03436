import type { Vitest } from "@effect/vitest"
import type { Recorder } from "../fixtures/Recorder.ts"
import type { Telemetry } from "../fixtures/telemetry.ts"
import { cancellationGuarantees } from "./cancellation.ts"
import { concurrencyGuarantees } from "./concurrency.ts"
import { fidelityGuarantees } from "./fidelity.ts"
import type { Host } from "./Host.ts"
import { invocationGuarantees } from "./invocations.ts"
import { messagingGuarantees } from "./messaging.ts"
import { payloadGuarantees } from "./payloads.ts"
import { recurringGuarantees } from "./recurring.ts"
import { sagaGuarantees } from "./sagas.ts"
import { serviceGuarantees } from "./services.ts"
import { stateGuarantees } from "./state.ts"
import { stepGuarantees } from "./steps.ts"
import { telemetryGuarantees } from "./telemetry.ts"
import { timeGuarantees } from "./time.ts"
import { workflowGuarantees } from "./workflows.ts"

export type HostServices = Host | Recorder | Telemetry

/** Tests that run on the real clock with a host in their context. */
export type It = Vitest.MethodsNonLive<HostServices, true>

/** Everything the bridge promises to a workflow, wherever it runs. */
export const semantics = (it: It): void => {
  stateGuarantees(it)
  stepGuarantees(it)
  serviceGuarantees(it)
  workflowGuarantees(it)
  sagaGuarantees(it)
  cancellationGuarantees(it)
  concurrencyGuarantees(it)
  timeGuarantees(it)
  messagingGuarantees(it)
  payloadGuarantees(it)
  invocationGuarantees(it)
  recurringGuarantees(it)
  telemetryGuarantees(it)
  fidelityGuarantees(it)
}
