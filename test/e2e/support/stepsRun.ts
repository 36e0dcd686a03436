import { Effect } from "effect"
import type { WorkerProcess } from "../../../dev/stack/WorkerProcess.ts"
import { keptConnection } from "../../main/KeptConnection.ts"

/** What a worker exposes to Prometheus, asked for again by every run of the effect. */
export const metricsOf = (worker: WorkerProcess) =>
  Effect.map(keptConnection, (ask) => ({ exposed: Effect.map(ask(worker.metrics), ({ body }) => body) }))

const valueOf = (line: string): number => Number(line.slice(line.lastIndexOf(" ") + 1))

const stepsCounted = (exposed: string, labels: ReadonlyArray<string>): number =>
  exposed
    .split("\n")
    .filter((line) => line.startsWith("control_plane_worker_steps_total{") && line.includes('handler="Deploy"'))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((total, line) => total + valueOf(line), 0)

/** How often the worker has run this step of Deploy to its end, with success or without. */
export const stepsRun = (exposed: string, step: string): number => stepsCounted(exposed, [`step="${step}"`])

/** How often this step of Deploy has succeeded. */
export const stepsCompleted = (exposed: string, step: string): number =>
  stepsCounted(exposed, [`step="${step}"`, 'outcome="succeeded"'])

const inFlight = 'control_plane_worker_steps_in_flight{service="hydra.v1.DeployService",handler="Deploy"} '

/** How many steps of Deploy run in the worker now. */
export const stepsInFlight = (exposed: string): number => {
  const line = exposed.split("\n").find((candidate) => candidate.startsWith(inFlight))
  return line === undefined ? 0 : valueOf(line)
}
