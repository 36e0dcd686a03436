import type { ConfigProblem } from "../config/ConfigProblems.ts"
import type { ExposedSecret } from "../config/Setting.ts"
import type { DependencyReport } from "../operations/dependencies.ts"
import type { Style } from "./terminal.ts"

/** The result of `check`, which `--json` prints. */
export interface CheckReport {
  readonly version: string
  /** Every check passed. */
  readonly ok: boolean
  /** Problems of the configuration. If there are any, the other checks are skipped. */
  readonly problems: ReadonlyArray<ConfigProblem>
  /** Secrets that are sent over unprotected connections. They do not fail the check. */
  readonly warnings: ReadonlyArray<ExposedSecret>
  readonly dependencies: ReadonlyArray<DependencyReport>
}

export const isFailed = ({ status }: DependencyReport): boolean => status === "failed"

export const checkReport = (
  version: string,
  problems: ReadonlyArray<ConfigProblem>,
  warnings: ReadonlyArray<ExposedSecret>,
  dependencies: ReadonlyArray<DependencyReport>
): CheckReport => ({
  version,
  ok: problems.length === 0 && !dependencies.some(isFailed),
  problems,
  warnings,
  dependencies
})

type Paint = (style: Style, text: string) => string

const styles = { ok: "green", warning: "yellow", failed: "red", "not configured": "dim", configured: "dim" } as const
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

interface Row extends Omit<DependencyReport, "status"> {
  readonly status: keyof typeof styles
}

const configurationRow = ({ problems, warnings }: CheckReport): Row => {
  const row = { name: "configuration", detail: "", advice: null, latencyMillis: null }
  if (problems.length > 0)
    return {
      ...row,
      status: "failed",
      detail: `${problems.length} ${problems.length === 1 ? "problem" : "problems"}; the other checks are skipped`
    }
  return warnings.length === 0
    ? { ...row, status: "ok" }
    : { ...row, status: "warning", detail: "secrets leave this machine unprotected" }
}

const warningLine = ({ address, secret, setting, weakness }: ExposedSecret): string =>
  `  ${setting}: ${secret} → ${address}, ${weakness}`

const isConfigured = ({ status }: DependencyReport): boolean => status !== "not configured"

const notConfiguredLine = (dependencies: ReadonlyArray<DependencyReport>): ReadonlyArray<string> => {
  const names = dependencies.filter((dependency) => !isConfigured(dependency)).map(({ name }) => name)
  return names.length === 0 ? [] : ["", `Not configured: ${names.join(", ")}.`]
}

/**
 * The report as text: a line for each dependency that is configured, with advice below a failed one and problems and warnings
 * below the configuration.
 */
export const renderReport = (report: CheckReport, paint: Paint): string => {
  const { dependencies, problems, warnings } = report
  const rows: ReadonlyArray<Row> = [configurationRow(report), ...dependencies.filter(isConfigured)]
  const nameWidth = Math.max(...rows.map(({ name }) => name.length))
  const line = ({ advice, detail, latencyMillis, name, status }: Row) => {
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
    ...(warnings.length === 0 ? [] : ["", ...warnings.map((warning) => paint("yellow", warningLine(warning)))]),
    ...notConfiguredLine(dependencies).map((line) => paint("dim", line)),
    ...(problems.length === 0 ? ["", paint("bold", count(dependencies))] : [])
  ].join("\n")
}
