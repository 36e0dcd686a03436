import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53"

/** Seconds for which resolvers may remember the set. */
const ttl = 600

/** A character string of DNS holds at most 255 bytes (RFC 1035, section 3.3); longer values are several of them. */
const maxChunk = 255

/** A value as a zone holds it: quoted, in chunks, with quotes and backslashes escaped. Ours are ASCII. */
export const quoted = (value: string): string => {
  const chunks = value === "" ? [""] : (value.match(new RegExp(`.{1,${maxChunk}}`, "gs")) ?? [])
  return chunks.map((chunk) => `"${chunk.replace(/["\\]/g, "\\$&")}"`).join(" ")
}

const valuesOf = (set: ResourceRecordSet | null): ReadonlyArray<string> =>
  (set?.ResourceRecords ?? []).flatMap(({ Value }) => (Value === undefined ? [] : [Value]))

/**
 * Turns one set into another, or fails as a whole: the old one is deleted with exactly the values that were read, so a value
 * that somebody else added meanwhile is never lost.
 */
const replaced = (name: string, current: ResourceRecordSet | null, values: ReadonlyArray<string>): Array<Change> => {
  const removal: Array<Change> = current === null ? [] : [{ Action: "DELETE", ResourceRecordSet: current }]
  const next: ResourceRecordSet = {
    Name: name,
    Type: "TXT",
    TTL: ttl,
    ResourceRecords: values.map((Value) => ({ Value }))
  }
  return values.length === 0 ? removal : [...removal, { Action: "CREATE", ResourceRecordSet: next }]
}

/** What changes a record set. Nothing when it is so already. */
export type Edit = (name: string, current: ResourceRecordSet | null) => Array<Change>

export const adding =
  (value: string): Edit =>
  (name, current) => {
    const values = valuesOf(current)
    return values.includes(quoted(value)) ? [] : replaced(name, current, [...values, quoted(value)])
  }

export const removing =
  (value: string): Edit =>
  (name, current) => {
    const values = valuesOf(current)
    const others = values.filter((each) => each !== quoted(value))
    return others.length === values.length ? [] : replaced(name, current, others)
  }

/** Whether a batch that was refused on one of them would be refused on the other for the same reason. */
export const isSameSet = (one: ResourceRecordSet | null, other: ResourceRecordSet | null): boolean =>
  one?.TTL === other?.TTL && JSON.stringify([...valuesOf(one)].sort()) === JSON.stringify([...valuesOf(other)].sort())

/** Weighted, latency and alias records follow rules that a plain TXT set cannot join. */
export const hasPolicy = (set: ResourceRecordSet | null): boolean =>
  set?.SetIdentifier !== undefined || set?.AliasTarget !== undefined
