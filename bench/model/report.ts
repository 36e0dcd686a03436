import { calibrate, type Point } from "./calibrate.ts"
import type { ModelRun } from "./measure.ts"
import { type Costs, demandOf, type Prediction, predict, type Setting } from "./predict.ts"

/** How far a prediction may be from what was measured. */
export const tolerance = 0.2

/** Of the worker that was measured: one, with its default settings. */
const defaults = { replicas: 1, poolSize: 25, concurrentAttempts: 512 }

const settingOf = ({ inFlight, processors, regions }: Point): Setting => ({
  ...defaults,
  inFlight,
  regions,
  placement: { _tag: "Shared", processors }
})

const row = (...cells: ReadonlyArray<string | number>): string => `| ${cells.join(" | ")} |`
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<string>): string =>
  [row(...head), row(...head.map(() => "---")), ...rows].join("\n")

const errorOf = (predicted: number, found: number): number => predicted / found - 1
const percent = (error: number): string => `${error > 0 ? "+" : ""}${(error * 100).toFixed(0)} %`

const compared = (costs: Costs, point: Point): string => {
  const { bottleneck, millis, perSecond } = predict(costs, settingOf(point))
  const [rate, latency] = [errorOf(perSecond, point.perSecond), errorOf(millis, point.meanMillis)]
  const isWithin = Math.max(Math.abs(rate), Math.abs(latency)) <= tolerance
  return row(
    point.regions,
    point.inFlight,
    point.processors.toFixed(2),
    perSecond.toFixed(1),
    point.perSecond.toFixed(1),
    percent(rate),
    millis.toFixed(0),
    point.meanMillis.toFixed(0),
    percent(latency),
    bottleneck,
    isWithin ? "yes" : "NO"
  )
}

const costTable = (costs: Costs): string =>
  table(
    ["of one deploy", "1 region", "3 regions"],
    (
      [
        ["worker, processor ms", costs.worker],
        ["Restate, processor ms", costs.restate],
        ["database, processor ms", costs.database],
        ["load generator and krane, processor ms", costs.driver],
        ["waiting for none of these, ms", costs.wait],
        ["SQL statements", costs.statements]
      ] as const
    ).map(([name, demand]) => row(name, demandOf(demand, 1).toFixed(1), demandOf(demand, 3).toFixed(1)))
  )

/** Settings that were not measured: every part on machines of its own. */
const elsewhere: ReadonlyArray<Pick<Setting, "regions" | "replicas" | "placement">> = [1, 3].flatMap((regions) =>
  (
    [
      [1, 2, 2],
      [2, 2, 2],
      [4, 4, 4],
      [8, 12, 8],
      [16, 24, 16]
    ] as const
  ).map(([replicas, restate, database]) => ({
    regions,
    replicas,
    placement: { _tag: "Apart" as const, restate, database }
  }))
)

const predicted = (setting: Setting, { bottleneck, millis, mostPerSecond, perSecond }: Prediction): string =>
  row(
    setting.regions,
    setting.replicas,
    setting.placement._tag === "Apart" ? `${setting.placement.restate}, ${setting.placement.database}` : "",
    setting.inFlight,
    perSecond.toFixed(0),
    millis.toFixed(0),
    mostPerSecond.toFixed(0),
    bottleneck
  )

const predictions = (costs: Costs): string =>
  table(
    [
      "regions",
      "workers",
      "processors of Restate, database",
      "in flight",
      "deploys/s",
      "mean ms",
      "at most/s",
      "bottleneck"
    ],
    elsewhere.map((it) => {
      const setting: Setting = { ...defaults, ...it, inFlight: 64 * it.replicas }
      return predicted(setting, predict(costs, setting))
    })
  )

/** The costs, the points with their errors, and what the model says of installations that were not measured. */
export const modelReport = ({ measured, points }: ModelRun): string => {
  const costs = calibrate(measured)
  const lines = points.map((point) => compared(costs, point))
  const missed = lines.filter((line) => line.endsWith("NO |")).length
  const outcome =
    missed === 0
      ? `All ${lines.length} points are within ${tolerance * 100} %.`
      : `${missed} of ${lines.length} points are NOT within ${tolerance * 100} %.`
  return `${costTable(costs)}

A deploy holds the row lock of each region for ${costs.regionLock.toFixed(1)} ms, a statement a connection for ${costs.statement.toFixed(2)} ms; it has ${costs.attempts.toFixed(1)} attempts at a time.

${table(
  [
    "regions",
    "in flight",
    "processors left",
    "predicted/s",
    "measured/s",
    "error",
    "predicted ms",
    "measured ms",
    "error",
    "bottleneck",
    "within"
  ],
  lines
)}

${outcome} No point was used to find a cost.

Predicted, not measured, with every part on machines of its own:

${predictions(costs)}`
}
