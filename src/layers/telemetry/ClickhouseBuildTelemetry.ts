import { Duration, Effect, Layer, Ref, Schedule } from "effect"
import { BuildTelemetry } from "../../services/builds/BuildTelemetry.ts"
import { ClickhouseInsert } from "../../services/clickhouse/ClickhouseInsert.ts"
import { batchWriter } from "./BatchWriter.ts"
import { BuildRowMaker, type LogRow, type StepRow } from "./buildRows.ts"

const stepsTable = "build_steps_v1"
const logsTable = "build_step_logs_v1"

const mebibyte = 1024 * 1024

/**
 * Two writers, so that a flood of output does not drop steps. Memory while ClickHouse is unavailable: 32 MiB of output and 8
 * MiB of steps. A batch is dropped after five attempts, which makes room for new rows.
 */
const limits = {
  logs: { rows: 100_000, bytes: 32 * mebibyte },
  steps: { rows: 20_000, bytes: 8 * mebibyte },
  batch: { rows: 10_000, bytes: 4 * mebibyte }
} as const

const timing = {
  interval: Duration.seconds(2),
  reportInterval: Duration.seconds(30),
  // Delays of 1, 2, 4 and 8 s outlast a restart of the server.
  attempts: 5,
  attemptTimeout: Duration.seconds(10),
  // The worker drains for 25 s; its builds have ended by then.
  flushTimeout: Duration.seconds(5)
} as const

// Approximate size of ids, times and flags; texts vary.
const fixedBytes = 300
const bytesOfStep = ({ error, name }: StepRow) => fixedBytes + 2 * (name.length + error.length)
const bytesOfLog = ({ message }: LogRow) => fixedBytes + 2 * message.length

/** Logs lost rows at an interval and at the end, not for each row. */
const reportDropped = (lost: Effect.Effect<number>) =>
  Effect.gen(function* () {
    let reported = 0
    const report = Effect.flatMap(lost, (total) => {
      const rows = total - reported
      reported = total
      return rows === 0 ? Effect.void : Effect.logWarning("Telemetry of builds was lost", { rows, total })
    })
    yield* Effect.addFinalizer(() => report)
    yield* Effect.forkScoped(Effect.repeat(report, Schedule.spaced(timing.reportInterval)))
  })

const make = Effect.gen(function* () {
  const clickhouse = yield* ClickhouseInsert
  const lost = yield* Ref.make(0)
  const onDropped = (rows: number) => Ref.update(lost, (before) => before + rows)
  yield* reportDropped(Ref.get(lost))
  const steps = yield* batchWriter<StepRow>({
    ...timing,
    capacity: limits.steps,
    maxBatch: limits.batch,
    sizeOf: bytesOfStep,
    write: (rows) => clickhouse.insert(stepsTable, rows),
    onDropped
  })
  const logs = yield* batchWriter<LogRow>({
    ...timing,
    capacity: limits.logs,
    maxBatch: limits.batch,
    sizeOf: bytesOfLog,
    write: (rows) => clickhouse.insert(logsTable, rows),
    onDropped
  })

  return BuildTelemetry.of({
    record: (build) =>
      Effect.acquireRelease(
        Effect.sync(() => new BuildRowMaker(build)),
        (maker) => Effect.suspend(() => steps.offer(maker.end()))
      ).pipe(
        Effect.map((maker) => (events) => {
          const rows = maker.add(events)
          return Effect.zipRight(logs.offer(rows.logs), steps.offer(rows.steps)).pipe(Effect.asVoid)
        })
      ),
    dropped: Ref.get(lost)
  })
})

/** Writes steps and output to ClickHouse in batches, with bounded memory. Flushes at the end. */
export const ClickhouseBuildTelemetryLive: Layer.Layer<BuildTelemetry, never, ClickhouseInsert> = Layer.scoped(
  BuildTelemetry,
  make
)

/** Used without ClickHouse: keeps nothing. */
export const NoBuildTelemetry: Layer.Layer<BuildTelemetry> = Layer.succeed(
  BuildTelemetry,
  BuildTelemetry.of({ record: () => Effect.succeed(() => Effect.void), dropped: Effect.succeed(0) })
)
