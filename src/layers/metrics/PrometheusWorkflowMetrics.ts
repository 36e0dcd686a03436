import { Effect, Layer, Option } from "effect"
import { Counter, Gauge, Histogram, type Registry } from "prom-client"
import { WorkflowMetrics } from "../../services/WorkflowMetrics.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

// From reading one local row to the longest step and attempt (60 s), with one bucket above.
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

// Far above what the code declares (ten services, about thirty handlers, about a hundred steps): only a bug reaches these
// limits.
const maxServices = 32
const maxHandlers = 128
const maxSteps = 512
const maxErrors = 128

/** Passes the first `max` distinct values and maps later ones to "other", which bounds the cardinality. */
export const boundedLabel = (max: number): ((value: string) => string) => {
  const seen = new Set<string>()
  return (value) => {
    if (seen.has(value)) return value
    if (seen.size >= max) return "other"
    seen.add(value)
    return value
  }
}

const makeFamilies = (registry: Registry) => {
  const registers = [registry]
  const handlerLabels = ["service", "handler"] as const
  const stepLabels = [...handlerLabels, "step"] as const
  const counter = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
    new Counter({ name: metricPrefix + name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
    new Gauge({ name: metricPrefix + name, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
    new Histogram({ name: metricPrefix + name, help, labelNames, registers, buckets: durationBuckets })
  return {
    attempts: counter("attempts_total", "Attempts of handlers that ended.", [...handlerLabels, "outcome"]),
    attemptSeconds: histogram("attempt_duration_seconds", "Time from start to end of an attempt.", handlerLabels),
    attemptsInFlight: gauge("attempts_in_flight", "Attempts running now.", handlerLabels),
    attemptsWaiting: gauge("attempts_waiting", "Attempts waiting for a slot.", []),
    steps: counter("steps_total", "Step bodies that ended; replays are not counted.", [...stepLabels, "outcome"]),
    stepSeconds: histogram("step_duration_seconds", "Time a step body ran.", stepLabels),
    stepsInFlight: gauge("steps_in_flight", "Step bodies running now.", handlerLabels),
    stepFailures: counter("step_failures_total", "Step bodies that failed, by the tag of the error.", [
      ...stepLabels,
      "error"
    ]),
    paused: gauge("paused_invocations", "Paused invocations.", ["service"]),
    stuck: gauge("stuck_invocations", "Stuck invocations, including those that wait for a stuck invocation's key.", [
      "service"
    ]),
    watchUp: gauge("invocation_watch_up", "Whether the last query for paused and stuck invocations succeeded.", []),
    poolOpen: gauge("database_pool_connections", "Open connections of a pool.", ["pool"]),
    poolIdle: gauge("database_pool_idle_connections", "Idle connections of a pool.", ["pool"]),
    poolQueued: gauge("database_pool_queued_requests", "Callers waiting for a connection.", ["pool"]),
    build: gauge("build_info", "Always 1; the labels identify the version.", ["version", "node_version"])
  }
}

type CountsByService = Option.Option<ReadonlyMap<string, number>>

/** None: the counts are unknown, and no service has one. */
const replaceCounts = (gauge: Gauge<"service">, labelOf: (service: string) => string, counts: CountsByService) =>
  Effect.sync(() => {
    gauge.reset()
    for (const [service, count] of Option.getOrElse(counts, () => new Map<string, number>())) {
      gauge.set({ service: labelOf(service) }, count)
    }
  })

const makeMetrics = (registry: Registry, version: string) => {
  const families = makeFamilies(registry)
  families.build.set({ version, node_version: process.versions.node }, 1)

  const boundedService = boundedLabel(maxServices)
  const boundedHandler = boundedLabel(maxHandlers)
  const boundedStep = boundedLabel(maxSteps)
  const boundedError = boundedLabel(maxErrors)
  const handlerOf = (labels: { readonly service: string; readonly handler: string }) => ({
    service: boundedService(labels.service),
    handler: boundedHandler(labels.handler)
  })
  const replace = (gauge: Gauge<"service">, counts: CountsByService) => replaceCounts(gauge, boundedService, counts)

  return WorkflowMetrics.of({
    attemptStarted: (attempt) => families.attemptsInFlight.inc(handlerOf(attempt)),
    attemptEnded: (attempt) => {
      const handler = handlerOf(attempt)
      families.attemptsInFlight.dec(handler)
      families.attempts.inc({ ...handler, outcome: attempt.outcome })
      families.attemptSeconds.observe(handler, attempt.seconds)
    },
    setWaitingAttempts: (count) => families.attemptsWaiting.set(count),
    stepStarted: (step) => families.stepsInFlight.inc(handlerOf(step)),
    stepEnded: (step) => {
      const handler = handlerOf(step)
      const labels = { ...handler, step: boundedStep(step.step) }
      families.stepsInFlight.dec(handler)
      families.steps.inc({ ...labels, outcome: step.outcome })
      families.stepSeconds.observe(labels, step.seconds)
      if (step.error !== undefined) families.stepFailures.inc({ ...labels, error: boundedError(step.error) })
    },
    setPausedInvocations: (counts) => replace(families.paused, counts),
    setStuckInvocations: (counts) => replace(families.stuck, counts),
    setInvocationWatchUp: (up) => Effect.sync(() => families.watchUp.set(up ? 1 : 0)),
    setPoolUsage: (pool, usage) =>
      Effect.sync(() => {
        families.poolOpen.set({ pool }, usage.open)
        families.poolIdle.set({ pool }, usage.idle)
        families.poolQueued.set({ pool }, usage.queued)
      }),
    render: Effect.promise(() => registry.metrics()),
    contentType: registry.contentType
  })
}

export const PrometheusWorkflowMetricsLive = (options: {
  readonly version: string
}): Layer.Layer<WorkflowMetrics, never, PrometheusRegistry> =>
  Layer.effect(
    WorkflowMetrics,
    Effect.map(PrometheusRegistry, (registry) => makeMetrics(registry, options.version))
  )
