import { Context, Effect, Layer } from "effect"
import { type DnsAnswer, DnsResolver, type ServerAnswer } from "../../../src/services/dns/DnsResolver.ts"
import { DnsZone } from "../../../src/services/dns/DnsZone.ts"

const types = ["TXT", "CNAME", "ADDRESS"] as const
type RecordType = (typeof types)[number]
/** The answer of one server, or of all without their own. */
type Servers = ReadonlyMap<string, DnsAnswer>

const everyServer = "*"
const maxLinks = 8
const normal = (name: string) => name.toLowerCase().replace(/\.$/, "")

export interface MemoryDnsOptions {
  /** Names of the resolvers. Default two. */
  readonly resolvers?: ReadonlyArray<string>
  /** Number of polls before a zone change is in sync. Default: one. */
  readonly looksUntilInSync?: number
}

/** The DNS of a test: records of domain owners and of the worker, and faults. */
export class MemoryDns extends Context.Tag("test/MemoryDns")<
  MemoryDns,
  {
    /** Replaces the records of a name, on one server or on all. No records: the name has none of that type. */
    readonly set: (
      type: RecordType,
      name: string,
      records: ReadonlyArray<string> | Extract<DnsAnswer, { readonly _tag: "Failed" }>,
      server?: string
    ) => Effect.Effect<void>
    readonly txt: (name: string) => ReadonlyArray<string>
    /** Changes of the worker's zones in order, as `add name value` and `remove name value`. */
    readonly changes: ReadonlyArray<string>
  }
>() {}

const answerOf = (records: ReadonlyArray<string>): DnsAnswer =>
  records.length === 0 ? { _tag: "Absent" } : { _tag: "Found", records }

export const memoryDns = ({ resolvers = ["1.1.1.1", "8.8.8.8"], looksUntilInSync = 1 }: MemoryDnsOptions = {}) =>
  Layer.effectContext(
    Effect.sync(() => {
      const records = new Map<string, Servers>()
      const looks = new Map<string, number>()
      const changes: Array<string> = []

      const isWritten = (name: string) =>
        types.some((type) =>
          [...(records.get(`${type} ${name}`)?.values() ?? [])].some(({ _tag }) => _tag !== "Absent")
        )
      /** A wildcard applies to names that are not in the zone (RFC 4592, section 2.2.1); here one label below it. */
      const answeringName = (name: string) =>
        isWritten(name) || !name.includes(".") ? name : `*.${name.slice(name.indexOf(".") + 1)}`
      const lookUp = (type: RecordType, name: string, server: string): DnsAnswer => {
        const servers = records.get(`${type} ${answeringName(normal(name))}`)
        return servers?.get(server) ?? servers?.get(everyServer) ?? { _tag: "Absent" }
      }
      const found = (type: RecordType, name: string): ReadonlyArray<string> => {
        const answer = lookUp(type, name, everyServer)
        return answer._tag === "Found" ? answer.records : []
      }
      const write = (type: RecordType, name: string, answer: DnsAnswer, server = everyServer) => {
        const key = `${type} ${normal(name)}`
        records.set(key, new Map([...(records.get(key) ?? []), [server, answer]]))
      }
      const fromEach = (type: RecordType) => (name: string) =>
        Effect.sync(() => resolvers.map((server): ServerAnswer => ({ server, answer: lookUp(type, name, server) })))
      const endOfChain = (name: string, server: string): DnsAnswer => {
        let current = normal(name)
        for (let link = 0; link < maxLinks; link++) {
          const answer = lookUp("CNAME", current, server)
          if (answer._tag === "Failed") return answer
          const [target] = answer._tag === "Found" ? answer.records : []
          if (target === undefined) break
          current = normal(target)
        }
        return answerOf(current === normal(name) ? [] : [current])
      }
      const zoneTxt = (name: string) =>
        Effect.sync(() => [{ server: "ns.zone", answer: lookUp("TXT", name, "ns.zone") }])

      return Context.make(
        MemoryDns,
        MemoryDns.of({
          set: (type, name, given, server) =>
            Effect.sync(() => write(type, name, "_tag" in given ? given : answerOf(given), server)),
          txt: (name) => found("TXT", name),
          changes
        })
      ).pipe(
        Context.add(
          DnsResolver,
          DnsResolver.of({
            txt: fromEach("TXT"),
            cname: fromEach("CNAME"),
            addresses: fromEach("ADDRESS"),
            authoritativeTxt: zoneTxt,
            zoneTxt,
            canonicalName: (name) =>
              Effect.sync(() => resolvers.map((server): ServerAnswer => ({ server, answer: endOfChain(name, server) })))
          })
        ),
        Context.add(
          DnsZone,
          DnsZone.of({
            check: () => Effect.void,
            addTxt: ({ name }, value) =>
              Effect.sync(() => {
                const values = found("TXT", name)
                if (values.includes(value)) return null
                changes.push(`add ${normal(name)} ${value}`)
                write("TXT", name, answerOf([...values, value]))
                return `change-${changes.length}`
              }),
            isInSync: (changeId) =>
              Effect.sync(() => {
                const looked = looks.get(changeId) ?? 0
                looks.set(changeId, looked + 1)
                return looked >= looksUntilInSync
              }),
            removeTxt: ({ name }, value) =>
              Effect.sync(() => {
                const values = found("TXT", name)
                if (!values.includes(value)) return
                changes.push(`remove ${normal(name)} ${value}`)
                write("TXT", name, answerOf(values.filter((each) => each !== value)))
              })
          })
        )
      )
    })
  )
