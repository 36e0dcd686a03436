import type { InvocationDetail } from "../operations/InvocationDetails.ts"
import type { InvocationWait } from "../operations/InvocationWait.ts"
import type { MissingSource } from "../operations/SourceUnavailable.ts"
import { momentOf } from "./ages.ts"
import { printable } from "./printable.ts"

/** A label and a text. */
export type Line = readonly [label: string, text: string]

/** Texts below each other, after their labels. */
export const labelled = (lines: ReadonlyArray<Line>): ReadonlyArray<string> => {
  const width = Math.max(0, ...lines.map(([label]) => label.length))
  return lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`.trimEnd())
}

const waitText = (wait: InvocationWait, now: number): string => {
  switch (wait._tag) {
    case "Step":
      return `runs step ${printable(wait.name)}`
    case "Call":
      return `waits for ${printable(wait.target, 128)} (${printable(wait.invocation)})`
    case "Timer":
      return `timer until ${momentOf(wait.until, now)}`
  }
}

const stateText = ({ attempts, completedAt, result, status }: InvocationDetail, now: number): string => {
  if (status !== "completed") return attempts > 1 ? `${status}, attempt ${attempts}` : status
  return `${result === "failure" ? "failed" : "completed"}${completedAt === null ? "" : ` ${momentOf(completedAt, now)}`}`
}

const failureText = ({ failure, nextRetryAt }: InvocationDetail, now: number): string | null => {
  if (failure === null) return null
  const { code, reason, step } = failure
  const where = [
    ...(step === null ? [] : [`step ${printable(step)}`]),
    ...(code === null ? [] : [printable(code)])
  ].join(", ")
  const text = reason === null ? where : `${where}: ${printable(reason, 512)}`
  return nextRetryAt === null ? text : `${text}; next try ${momentOf(nextRetryAt, now)}`
}

/** Everything of an invocation that is worth a line. */
export const invocationLines = (invocation: InvocationDetail | null, now: number): ReadonlyArray<Line> => {
  if (invocation === null) return []
  const { handler, id, key, lastStep, service, traceId, waitsFor } = invocation
  const failure = failureText(invocation, now)
  const target = [service, ...(key === null ? [] : [key]), handler].map((part) => printable(part)).join("/")
  return [
    ["invocation", `${printable(id)}  ${stateText(invocation, now)}`],
    ["target", target],
    ...(lastStep === null ? [] : [["last step", printable(lastStep)] as const]),
    ...(waitsFor === null ? [] : [["now", waitText(waitsFor, now)] as const]),
    ...(failure === null ? [] : [["last error", failure] as const]),
    ...(traceId === null ? [] : [["trace", printable(traceId)] as const])
  ]
}

export const commandLines = (
  commands: ReadonlyArray<{ readonly line: string; readonly effect: string }>
): ReadonlyArray<Line> =>
  commands.map(({ effect, line }, index) => [index === 0 ? "commands" : "", `${line}  (${effect})`])

export const missingLines = (missing: ReadonlyArray<MissingSource>): ReadonlyArray<Line> =>
  missing.map(({ reason, source }) => ["missing", `${source}: ${printable(reason, 256)}`])

/** The facts at a fixed time and with a fixed timer, so that their text changes only with what happens. */
export const withoutTime = <Facts extends { readonly now: number; readonly invocation: InvocationDetail | null }>(
  facts: Facts
): Facts => {
  const { invocation } = facts
  const timer = invocation?.waitsFor?._tag === "Timer" ? ({ _tag: "Timer", until: 0 } as const) : invocation?.waitsFor
  return { ...facts, now: 0, invocation: invocation === null ? null : { ...invocation, waitsFor: timer ?? null } }
}
