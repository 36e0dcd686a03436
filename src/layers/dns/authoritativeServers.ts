import { Duration, Effect } from "effect"
import type { DnsAnswer } from "../../services/DnsResolver.ts"
import { canonicalName } from "./canonicalName.ts"
import { type FirstAnswer, questions, recordsOf } from "./query.ts"

/** Resolvers that work answer each question of the walk within milliseconds. */
const bound = Duration.seconds(5)
/** Zones have two to thirteen servers; a few of them show whether a change has spread. */
const maxServers = 4

const allAtOnce = { concurrency: "unbounded" } as const

/** `a.b.example.com`, `b.example.com`, `example.com`: a zone of ours is never a top-level domain. */
const upwards = (name: string): ReadonlyArray<string> => {
  const labels = name.split(".")
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."))
}

/**
 * A name that is an alias has the name servers of another zone, so its own are those above it. None once a question is not
 * answered: the servers further up may be those of another zone.
 */
const serversAbove = Effect.fnUntraced(function* (first: FirstAnswer, name: string) {
  for (const zone of upwards(name)) {
    const [names, alias] = yield* Effect.all(
      [first(questions.ns(zone), bound), first(questions.cname(zone), bound)],
      allAtOnce
    )
    if (names._tag === "Failed" || alias._tag === "Failed") return []
    if (names._tag === "Found" && alias._tag === "Absent") return names.records
  }
  return []
})

/** Where the servers of zones listen, and at which of the addresses that a zone names they are asked. */
export interface Reach {
  readonly port: number
  readonly isAllowed: (address: string) => boolean
}

/** A server of a zone, and either where it listens or why that is not known. */
export interface ZoneServer {
  readonly server: string
  readonly place: { readonly _tag: "Known"; readonly address: string } | Extract<DnsAnswer, { readonly _tag: "Failed" }>
}

/**
 * Where a server is. One whose address is not answered is a server all the same. The owner of a zone chooses its addresses: those
 * that are not allowed are left out.
 */
const locate =
  (first: FirstAnswer, { isAllowed, port }: Reach) =>
  (server: string) =>
    Effect.map(first(questions.a(server), bound), (answer): ReadonlyArray<ZoneServer> => {
      if (answer._tag === "Failed") return [{ server, place: answer }]
      const address = recordsOf(answer).find(isAllowed)
      return address === undefined ? [] : [{ server, place: { _tag: "Known", address: `${address}:${port}` } }]
    })

const serversOf = (first: FirstAnswer, reach: Reach, name: string) =>
  Effect.gen(function* () {
    const names = [...(yield* serversAbove(first, name))].sort().slice(0, maxServers)
    return { canonical: name, servers: (yield* Effect.forEach(names, locate(first, reach), allAtOnce)).flat() }
  })

const withinBound = (name: string) =>
  Effect.timeoutTo({
    duration: bound,
    onSuccess: (located: Effect.Effect.Success<ReturnType<typeof serversOf>>) => located,
    onTimeout: () => ({ canonical: name, servers: [] })
  })

/** The servers of the zone that holds this very name: no alias is followed. None when they are not found within 5 s. */
export const zoneServers = (first: FirstAnswer, reach: Reach, name: string) =>
  withinBound(name)(serversOf(first, reach, name))

/**
 * The servers that are authoritative for a name, and the name to ask them for: it may be an alias into a zone that its own
 * servers do not answer for. None when they are not found within 5 s, or are at no allowed address.
 */
export const authoritativeServers = (first: FirstAnswer, reach: Reach, name: string) =>
  Effect.gen(function* () {
    const end = yield* canonicalName(first, bound, name)
    if (end._tag === "Failed") return { canonical: name, servers: [] }
    return yield* serversOf(first, reach, recordsOf(end)[0] ?? name)
  }).pipe(withinBound(name))
