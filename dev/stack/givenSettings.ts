type Settings = Readonly<Record<string, string>>

/** `WORKER_ACME_ENABLED` is of `ACME`. */
const areaOf = (name: string): string => name.split("_")[1] ?? ""

/** Each of them makes sense only as a whole: a vault of one's own and the stack's login are no vault. */
const areas: ReadonlySet<string> = new Set(["ACME", "CLICKHOUSE", "DNS", "HEARTBEAT", "SLACK", "VAULT"])

/**
 * The stack's settings with those that a developer gives. Of an area in which they give anything, the stack's own are left
 * out; anywhere else theirs win.
 */
export const withGivenSettings = (stack: Settings, given: Settings): Settings => {
  const taken = new Set(Object.keys(given).map(areaOf))
  const kept = Object.entries(stack).filter(([name]) => !(areas.has(areaOf(name)) && taken.has(areaOf(name))))
  return { ...Object.fromEntries(kept), ...given }
}
