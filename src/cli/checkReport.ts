import type { ConfigProblem } from "../config/ConfigProblems.ts"
import type { DependencyReport } from "../services/dependencies.ts"
import type { Style } from "./terminal.ts"

/** What `check` found; also what `--json` prints. */
export interface CheckReport {
  readonly version: string
  /** Everything is as the configuration says. */
  readonly ok: boolean
  /** Empty when the configuration can be read; otherwise nothing was asked. */
  readonly problems: ReadonlyArray<ConfigProblem>
  readonly dependencies: ReadonlyArray<DependencyReport>
}

export const isFailed = ({ status }: DependencyReport): boolean => status === "failed"

export const checkReport = (
  version: string,
  problems: ReadonlyArray<ConfigProblem>,
  dependencies: ReadonlyArray<DependencyReport>
): CheckReport => ({ version, ok: problems.length === 0 && !dependencies.some(isFailed), problems, dependencies })

type Paint = (style: Style, text: string) => string

const styles = { ok: "green", failed: "red", "not configured": "dim", configured: "dim" } as const
const statusWidth = Math.max(...Object.keys(styles).map((status) => status.length))

/** `812 ms`, and from ten seconds on `12.4 s`. */
const latency = (millis: number | null): string => {
  if (millis === null) return ""
  return millis < 10_000 ? `${millis} ms` : `${(millis / 1000).toFixed(1)} s`
}
const latencyWidth = "9999 ms".length

const count = (dependencies: ReadonlyArray<DependencyReport>): string => {
  const failed = dependencies.filter(isFailed)
  const asked = dependencies.filter(({ latencyMillis }) => latencyMillis !== null)
  return failed.length === 0
    ? `All ${asked.length} dependencies that were asked are ok.`
    : `${failed.length} of ${asked.length} failed: ${failed.map(({ name }) => name).join(", ")}.`
}

/** For people: a line for each dependency, and below a failed one what to do. */
export const renderReport = ({ dependencies, problems }: CheckReport, paint: Paint): string => {
  const configuration = { name: "configuration", detail: "", advice: null, latencyMillis: null }
  const first: ReadonlyArray<DependencyReport> =
    problems.length === 0
      ? [{ ...configuration, status: "ok" }]
      : [{ ...configuration, status: "failed", detail: `${problems.length} to correct; nothing else was asked` }]
  const rows = [...first, ...dependencies]
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const line = ({ advice, detail, latencyMillis, name, status }: DependencyReport) => {
    const shown = [
      name.padEnd(nameWidth),
      paint(styles[status], status.padEnd(statusWidth)),
      paint("dim", latency(latencyMillis).padStart(latencyWidth)),
      detail
    ]
    const indent = " ".repeat(nameWidth + 2)
    return [shown.join("  ").trimEnd(), ...(advice === null ? [] : [`${indent}${paint("yellow", `→ ${advice}`)}`])]
  }
  return [
    ...rows.flatMap(line),
    ...problems.map(({ problem, setting }) => `  ${setting}: ${problem}`),
    ...(problems.length === 0 ? ["", paint("bold", count(dependencies))] : [])
  ].join("\n")
}
