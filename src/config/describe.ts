import { Duration, Option, Redacted } from "effect"
import { printable } from "./address.ts"
import { tomlName } from "./Setting.ts"

/** What one printed setting may be. */
export type Printable = string | number | boolean | ReadonlyArray<string>

type Show = (text: string) => string

const entries = (value: unknown, path: string, show: Show): ReadonlyArray<readonly [string, Printable]> => {
  if (Redacted.isRedacted(value)) return [[path, "<redacted>"]]
  if (Duration.isDuration(value)) return [[path, Duration.format(value)]]
  if (Option.isOption(value)) return Option.isSome(value) ? entries(value.value, path, show) : []
  if (typeof value === "string") return [[path, show(value)]]
  if (typeof value === "number" || typeof value === "boolean") return [[path, value]]
  if (Array.isArray(value)) return [[path, value.map((element) => show(String(element)))]]
  if (typeof value !== "object" || value === null) return []
  // The remaining objects are log levels.
  if ("label" in value && typeof value.label === "string") return [[path, value.label.toLowerCase()]]
  return Object.entries(value).flatMap(([key, child]) =>
    entries(child, path === "" ? tomlName(key) : `${path}.${tomlName(key)}`, show)
  )
}

/**
 * The resolved configuration under its file names, for one start-up log line. Without secrets and absent settings, and
 * with only scheme, host and port of addresses.
 */
export const describeSettings = (config: object, show: Show = printable): Readonly<Record<string, Printable>> =>
  Object.fromEntries(entries(config, "", show))
