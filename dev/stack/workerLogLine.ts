import { stripVTControlCharacters } from "node:util"
import { Option, Schema } from "effect"
import { paint } from "../demo/terminal.ts"

const Entry = Schema.parseJson(
  Schema.Struct(
    { timestamp: Schema.String, level: Schema.String, message: Schema.String },
    { key: Schema.String, value: Schema.Unknown }
  )
)
type Entry = typeof Entry.Type

/** Shown in places of their own, or of no use to a reader. */
const hidden: ReadonlySet<string> = new Set([
  "timestamp",
  "level",
  "message",
  "cause",
  "details",
  "fiber",
  "instance_id",
  "span_id"
])

/** Long, and on every line of an invocation: behind what differs. */
const last: ReadonlySet<string> = new Set(["invocation", "trace_id"])

/** The line of the start has all settings, which is 3 kB. */
const longestFields = 240

/** Tenants write some of the values: without escape sequences and other control characters. */
const printable = (text: string): string => stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ")

const isPlain = (text: string) => /^[^\s"=]+$/.test(text)

const valueText = (value: unknown): string => {
  const text = typeof value === "string" && isPlain(value) ? value : JSON.stringify(value)
  return printable(text)
}

/** A single object in `details` is as good as fields of the line. */
const fieldsOf = ({ details, ...entry }: Entry): ReadonlyArray<readonly [string, unknown]> => {
  const shown = Object.entries(entry).filter(([name]) => !hidden.has(name))
  const own = [...shown.filter(([name]) => !last.has(name)), ...shown.filter(([name]) => last.has(name))]
  if (details === undefined) return own
  const isObject = typeof details === "object" && details !== null && !Array.isArray(details)
  return [...(isObject ? Object.entries(details) : [["details", details] as const]), ...own]
}

const styleOf = (level: string) =>
  level === "error" || level === "fatal" ? "red" : level === "warn" || level === "warning" ? "yellow" : "dim"

/** `timestamp` is ISO 8601 in UTC; the time of day is enough within one run. */
const timeOf = (timestamp: string): string => printable(/T([\d:.]+)Z$/.exec(timestamp)?.[1] ?? timestamp)

const describe = (entry: Entry): ReadonlyArray<string> => {
  const fields = fieldsOf(entry)
    .map(([name, value]) => `${printable(name)}=${valueText(value)}`)
    .join(" ")
  const shown = fields.length > longestFields ? `${fields.slice(0, longestFields - 1)}…` : fields
  const level = paint(styleOf(entry.level), printable(entry.level).padEnd(5))
  const head = `${timeOf(entry.timestamp)} ${level} ${printable(entry.message)}`
  const cause = typeof entry.cause === "string" ? entry.cause.split("\n").map((line) => `    ${printable(line)}`) : []
  return [shown === "" ? head : `${head}  ${paint("dim", shown)}`, ...cause]
}

/** A line of the worker's log for a reader: time, level, message, fields, and below it the cause. Other output as it is. */
export const workerLogLine = (line: string): ReadonlyArray<string> =>
  Option.match(Schema.decodeOption(Entry)(line), {
    onNone: () => [printable(line)],
    onSome: describe
  })
