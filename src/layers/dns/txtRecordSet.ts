import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53"

/** TTL in seconds. */
const ttl = 600

/** A DNS character string holds at most 255 bytes (RFC 1035, section 3.3); longer values are split. */
const maxChunk = 255

/** A value in zone format: quoted, split, with quotes and backslashes escaped. Values are ASCII. */
export const quoted = (value: string): string => {
  const chunks = value === "" ? [""] : (value.match(new RegExp(`.{1,${maxChunk}}`, "gs")) ?? [])
  return chunks.map((chunk) => `"${chunk.replace(/["\\]/g, "\\$&")}"`).join(" ")
}

const valuesOf = (set: ResourceRecordSet | null): ReadonlyArray<string> =>
  (set?.ResourceRecords ?? []).flatMap(({ Value }) => (Value === undefined ? [] : [Value]))

/**
 * Replaces one record set by another atomically: the old set is deleted with exactly the values that were read, so a value that
 * another writer added since is not lost.
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

/** Changes of a record set; empty if it is already as desired. */
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

/** Whether two sets are equal, so that a batch rejected on one is rejected on the other. */
export const isSameSet = (one: ResourceRecordSet | null, other: ResourceRecordSet | null): boolean =>
  one?.TTL === other?.TTL && JSON.stringify([...valuesOf(one)].sort()) === JSON.stringify([...valuesOf(other)].sort())

/** A plain TXT record set cannot be combined with weighted, latency or alias records. */
export const hasPolicy = (set: ResourceRecordSet | null): boolean =>
  set?.SetIdentifier !== undefined || set?.AliasTarget !== undefined
