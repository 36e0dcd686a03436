import type { InvocationDetail } from "../operations/InvocationDetails.ts"
import { type Invocation, type InvocationCount, invocationStatuses } from "../operations/Invocations.ts"
import { isoTime } from "../text/isoTime.ts"
import { ageOf } from "./ages.ts"
import { printable } from "./printable.ts"

/** An invocation in the status. */
export interface ShownInvocation {
  readonly invocation: Invocation
  /** What to do about it if it is stuck or paused: a command or an instruction. */
  readonly wayOut: string | null
  /** Null if it was not read, or the invocation has ended since. */
  readonly detail: InvocationDetail | null
}

export interface StatusReport {
  /** Unix milliseconds. */
  readonly now: number
  readonly counts: ReadonlyArray<InvocationCount>
  /** Oldest first. */
  readonly shown: ReadonlyArray<ShownInvocation>
  /** Number of invocations that are not shown. */
  readonly more: number
}

/** Columns as wide as their widest cell, two spaces apart; the named columns are aligned right. */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  numbers: ReadonlySet<number>
): ReadonlyArray<string> => {
  const widths = rows.reduce<ReadonlyArray<number>>(
    (widest, row) => row.map((cell, column) => Math.max(cell.length, widest[column] ?? 0)),
    []
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return numbers.has(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join("  ")
      .trimEnd()
  )
}

const countsTable = (counts: ReadonlyArray<InvocationCount>): ReadonlyArray<string> => {
  const services = [...new Set(counts.map(({ service }) => service))].sort()
  const cell = (service: string, status: string) =>
    String(counts.find((count) => count.service === service && count.status === status)?.count ?? 0)
  const rows = services.map((service) => [service, ...invocationStatuses.map((status) => cell(service, status))])
  return table(
    [["SERVICE", ...invocationStatuses.map((status) => status.toUpperCase())], ...rows],
    new Set(invocationStatuses.map((_, column) => column + 1))
  )
}

/** A timer in the future, or the next try. */
const untilOf = ({ nextRetryAt, waitsFor }: InvocationDetail): number | null =>
  waitsFor?._tag === "Timer" ? waitsFor.until : nextRetryAt

const inTime = (until: number | null, now: number): string => {
  if (until === null) return "-"
  return until > now ? `in ${ageOf(until - now)}` : "due"
}

const longestReason = 120

const invocationRow = (now: number, { detail, invocation }: ShownInvocation): ReadonlyArray<string> => [
  invocation.id,
  invocation.service,
  invocation.handler,
  invocation.key === null ? "-" : printable(invocation.key),
  invocation.status,
  ageOf(now - invocation.createdAt),
  String(invocation.attempts),
  printable(invocation.failure.step ?? detail?.lastStep ?? "-"),
  inTime(detail === null ? null : untilOf(detail), now),
  invocation.failure.code ?? "-",
  printable(detail?.failure?.reason ?? "-", longestReason)
]

const headings = [
  "INVOCATION",
  "SERVICE",
  "HANDLER",
  "KEY",
  "STATUS",
  "AGE",
  "ATTEMPTS",
  "STEP",
  "UNTIL",
  "CODE",
  "REASON"
]

/** The status as text lines. */
export const statusLines = ({ counts, more, now, shown }: StatusReport): ReadonlyArray<string> => {
  if (counts.length === 0) return ["No invocation is open."]
  const ways = shown.flatMap(({ invocation, wayOut }) =>
    wayOut === null ? [] : [`  ${wayOut.includes(invocation.id) ? "" : `${invocation.id}: `}${wayOut}`]
  )
  return [
    ...countsTable(counts),
    ...(shown.length === 0
      ? []
      : ["", ...table([headings, ...shown.map((one) => invocationRow(now, one))], new Set([6]))]),
    ...(more === 0 ? [] : [`and ${more} more`]),
    ...(ways.length === 0 ? [] : ["", "After fixing the cause:", ...ways])
  ]
}

const instant = (millis: number | null) => (millis === null ? null : isoTime(millis))

/** The status as JSON. Timestamps in ISO 8601; `null` for absent values. */
export const statusJson = ({ counts, more, now, shown }: StatusReport) => ({
  now: instant(now),
  counts,
  invocations: shown.map(
    ({ detail, invocation: { attemptAt, createdAt, dueAt, modifiedAt, startedAt, ...rest }, wayOut }) => ({
      ...rest,
      createdAt: instant(createdAt),
      modifiedAt: instant(modifiedAt),
      dueAt: instant(dueAt),
      startedAt: instant(startedAt),
      attemptAt: instant(attemptAt),
      wayOut,
      lastStep: detail?.lastStep ?? null,
      until: instant(detail === null ? null : untilOf(detail)),
      reason: detail?.failure?.reason ?? null
    })
  ),
  more
})
