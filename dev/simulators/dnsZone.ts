import type { Answer, Question } from "dns-packet"

export type RecordType = "A" | "AAAA" | "CNAME" | "NS" | "TXT"

/** Records of one name and type. A split TXT record is a list. */
export type Records = ReadonlyArray<string | ReadonlyArray<string>>

/** Records by `TYPE name`. */
export type Zone = ReadonlyMap<string, Records>

export interface Response {
  readonly rcode: "NOERROR" | "NXDOMAIN"
  readonly answers: ReadonlyArray<Answer>
}

/** Maximum length of a CNAME chain, as resolvers limit it. */
const maxLinks = 16
const ttl = 60

export const normal = (name: string): string => name.toLowerCase().replace(/\.$/, "")
export const keyOf = (type: string, name: string): string => `${type} ${normal(name)}`

const answerOf = (type: RecordType, name: string, record: Records[number]): Answer => {
  if (type === "TXT") return { type, name, ttl, data: typeof record === "string" ? [record] : [...record] }
  return { type, name, ttl, data: typeof record === "string" ? record : record.join("") }
}

const exists = (zone: Zone, name: string): boolean =>
  [...zone.keys()].some((key) => key.endsWith(` ${normal(name)}`) || key.endsWith(`.${normal(name)}`))

/** The name whose records apply: a wildcard's if the name does not exist (RFC 4592, section 3.3.1). */
const answering = (zone: Zone, name: string): string => {
  const labels = normal(name).split(".")
  const encloser = labels.findIndex((_, index) => exists(zone, labels.slice(index).join(".")))
  return encloser <= 0 ? name : `*.${labels.slice(encloser).join(".")}`
}

/**
 * Answers as a resolver does: follows and includes a CNAME, returns NXDOMAIN for a missing name and an empty answer for a
 * missing type.
 */
export const lookUp = (zone: Zone, { name, type }: Pick<Question, "name" | "type">): Response => {
  const answers: Array<Answer> = []
  let current = name
  for (let link = 0; link <= maxLinks; link++) {
    const owner = answering(zone, current)
    const records = zone.get(keyOf(type, owner))
    if (records !== undefined)
      // Keys contain only known types.
      return {
        rcode: "NOERROR",
        answers: [...answers, ...records.map((it) => answerOf(type as RecordType, current, it))]
      }
    const [next] = zone.get(keyOf("CNAME", owner)) ?? []
    if (typeof next !== "string")
      return { rcode: answers.length === 0 && !exists(zone, owner) ? "NXDOMAIN" : "NOERROR", answers }
    answers.push(answerOf("CNAME", current, next))
    current = next
  }
  return { rcode: "NOERROR", answers }
}
