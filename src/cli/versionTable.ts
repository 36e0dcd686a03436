import type { ClassifiedVersion } from "../operations/RestateVersions.ts"

const header = ["deployment", "address", "created", "state", "unfinished", "newest on"]

const newestOn = ({ newestOn, services }: ClassifiedVersion): string => {
  if (newestOn.length === services.length) return "all its services"
  return newestOn.length === 0 ? "none" : newestOn.join(", ")
}

/** Rounded to seconds. */
const instant = (iso: string): string => iso.replace(/\.\d+Z$/, "Z")

/** One line per version, in columns. */
export const versionTable = (versions: ReadonlyArray<ClassifiedVersion>): string => {
  const rows = versions.map((version) => [
    version.id,
    version.address,
    instant(version.createdAt),
    version.state,
    String(version.unfinished),
    newestOn(version)
  ])
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
