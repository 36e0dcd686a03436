import { element, elements, escaped, text, texts } from "./route53Xml.ts"

export interface RecordSet {
  readonly name: string
  readonly type: string
  readonly ttl: number
  /** Values in zone format: TXT values are quoted. */
  readonly values: ReadonlyArray<string>
}

export interface HostedZone {
  readonly id: string
  /** With a final dot. */
  readonly name: string
  readonly isPrivate: boolean
  readonly records: ReadonlyMap<string, RecordSet>
}

interface Change {
  readonly action: string
  readonly record: RecordSet
}

export const absolute = (name: string): string => `${name.toLowerCase().replace(/\\052/g, "*").replace(/\.$/, "")}.`

/** Route 53 orders names by their labels from the right. */
export const reversed = (name: string): string => absolute(name).split(".").reverse().join(".")

export const keyOf = ({ name, type }: Pick<RecordSet, "name" | "type">): string => `${absolute(name)}|${type}`

export const changesOf = (body: string): ReadonlyArray<Change> =>
  elements(body, "Change").map((change) => ({
    action: text(change, "Action"),
    record: {
      name: absolute(text(change, "Name")),
      type: text(change, "Type"),
      ttl: Number(text(change, "TTL")),
      values: texts(change, "Value")
    }
  }))

const isSame = (one: RecordSet, other: RecordSet): boolean =>
  one.ttl === other.ttl && [...one.values].sort().join("\n") === [...other.values].sort().join("\n")

/** A CNAME excludes other records at its name. */
const isAliasBeside = (one: RecordSet, other: RecordSet): boolean =>
  absolute(one.name) === absolute(other.name) &&
  one.type !== other.type &&
  (one.type === "CNAME" || other.type === "CNAME")

const refusalOf = (zone: HostedZone, current: RecordSet | undefined, { action, record }: Change): string | null => {
  const label = `[name='${record.name}', type='${record.type}']`
  if (record.name !== zone.name && !record.name.endsWith(`.${zone.name}`))
    return `RRSet with DNS name ${record.name} is not permitted in zone ${zone.name}`
  if (action === "CREATE" && [...zone.records.values()].some((other) => isAliasBeside(other, record)))
    return `RRSet of type ${record.type} with DNS name ${record.name} is not permitted as it conflicts with other records with the same DNS name in zone ${zone.name}`
  if (action === "CREATE" && current !== undefined)
    return `Tried to create resource record set ${label} but it already exists`
  if (action === "DELETE" && current === undefined)
    return `Tried to delete resource record set ${label} but it was not found`
  if (action === "DELETE" && current !== undefined && !isSame(current, record))
    return `Tried to delete resource record set ${label} but the values provided do not match the current values`
  return null
}

/** Applies all changes in order, or returns the reasons why none was applied. */
export const applied = (zone: HostedZone, changes: ReadonlyArray<Change>): HostedZone | ReadonlyArray<string> => {
  const records = new Map(zone.records)
  const refusals: Array<string> = []
  for (const change of changes) {
    const key = keyOf(change.record)
    const refusal = refusalOf(zone, records.get(key), change)
    if (refusal !== null) refusals.push(refusal)
    else if (change.action === "DELETE") records.delete(key)
    else records.set(key, change.record)
  }
  return refusals.length > 0 ? refusals : { ...zone, records }
}

/** Records from this name and type on, in zone order. */
export const recordsFrom = (zone: HostedZone, name: string, type: string): ReadonlyArray<RecordSet> =>
  [...zone.records.values()]
    .filter((record) => {
      const order = reversed(record.name).localeCompare(reversed(name), "en")
      return order > 0 || (order === 0 && record.type >= type)
    })
    .sort((one, other) => (reversed(one.name) + one.type < reversed(other.name) + other.type ? -1 : 1))

export const recordSetXml = ({ name, ttl, type, values }: RecordSet): string =>
  element(
    "ResourceRecordSet",
    element("Name", escaped(name.replace("*", "\\052"))) +
      element("Type", type) +
      element("TTL", ttl) +
      element(
        "ResourceRecords",
        values.map((value) => element("ResourceRecord", element("Value", escaped(value)))).join("")
      )
  )

export const hostedZoneXml = ({ id, isPrivate, name, records }: HostedZone): string =>
  element(
    "HostedZone",
    element("Id", `/hostedzone/${id}`) +
      element("Name", escaped(name)) +
      element("CallerReference", id) +
      element("Config", element("PrivateZone", isPrivate)) +
      element("ResourceRecordSetCount", records.size)
  )
