type Settings = Readonly<Record<string, string>>

/** The area of `WORKER_ACME_ENABLED` is `ACME`. */
const areaOf = (name: string): string => name.split("_")[1] ?? ""

/** Areas whose settings belong together: the developer's vault with the stack's login would not work. */
const areas: ReadonlySet<string> = new Set(["ACME", "CLICKHOUSE", "DNS", "HEARTBEAT", "SLACK", "VAULT"])

/**
 * Merges the stack's settings with the developer's. If the developer sets anything in one of these areas, the stack's settings
 * of that area are dropped; elsewhere the developer's take precedence.
 */
export const withGivenSettings = (stack: Settings, given: Settings): Settings => {
  const taken = new Set(Object.keys(given).map(areaOf))
  const kept = Object.entries(stack).filter(([name]) => !(areas.has(areaOf(name)) && taken.has(areaOf(name))))
  return { ...Object.fromEntries(kept), ...given }
}
