import { Duration, Option, Redacted } from "effect"
import { tomlName } from "./Setting.ts"

/** What one printed setting may be. */
export type Printable = string | number | boolean | ReadonlyArray<string>

const entries = (value: unknown, path: string): ReadonlyArray<readonly [string, Printable]> => {
  if (Redacted.isRedacted(value)) return [[path, "<redacted>"]]
  if (Duration.isDuration(value)) return [[path, Duration.format(value)]]
  if (Option.isOption(value)) return Option.isSome(value) ? entries(value.value, path) : []
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return [[path, value]]
  if (Array.isArray(value)) return [[path, value.map(String)]]
  if (typeof value !== "object" || value === null) return []
  // A log level is the one other object with a name of its own.
  if ("label" in value && typeof value.label === "string") return [[path, value.label.toLowerCase()]]
  return Object.entries(value).flatMap(([key, child]) =>
    entries(child, path === "" ? tomlName(key) : `${path}.${tomlName(key)}`)
  )
}

/** The resolved configuration under its file names, for one start-up log line. Secrets and absent settings are not in it. */
export const describeSettings = (config: object): Readonly<Record<string, Printable>> =>
  Object.fromEntries(entries(config, ""))
