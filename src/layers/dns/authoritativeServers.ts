import { Duration, Effect } from "effect"
import type { DnsAnswer } from "../../services/dns/DnsResolver.ts"
import { canonicalName } from "./canonicalName.ts"
import { dnsQueries, type FirstResponse, recordsOf } from "./query.ts"

/** Working resolvers answer each query within milliseconds. */
const bound = Duration.seconds(5)
/** Zones have two to thirteen servers; a few are enough to observe propagation. */
const maxServers = 4

const allAtOnce = { concurrency: "unbounded" } as const

/** `a.b.example.com`, `b.example.com`, `example.com`; never a top-level domain. */
const parents = (name: string): ReadonlyArray<string> => {
  const labels = name.split(".")
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."))
}

/**
 * The name servers of an alias belong to another zone, so its own are those above it. Empty once a query fails: servers further
 * up may belong to another zone.
 */
const serversAbove = Effect.fnUntraced(function* (first: FirstResponse, name: string) {
  for (const zone of parents(name)) {
    const [names, alias] = yield* Effect.all(
      [first(dnsQueries.ns(zone), bound), first(dnsQueries.cname(zone), bound)],
      allAtOnce
    )
    if (names._tag === "Failed" || alias._tag === "Failed") return []
    if (names._tag === "Found" && alias._tag === "Absent") return names.records
  }
  return []
})

/** The port of name servers, and the addresses that may be queried. */
export interface NameServerAccess {
  readonly port: number
  readonly isAllowed: (address: string) => boolean
}

/** A name server with its address, or the reason why the address is unknown. */
export interface ZoneServer {
  readonly server: string
  readonly place: { readonly _tag: "Known"; readonly address: string } | Extract<DnsAnswer, { readonly _tag: "Failed" }>
}

/**
 * Resolves a name server's addresses. A server whose address cannot be resolved is kept. The zone's owner controls the
 * addresses, so disallowed ones are removed.
 */
const locate =
  (first: FirstResponse, { isAllowed, port }: NameServerAccess) =>
  (server: string) =>
    Effect.map(first(dnsQueries.a(server), bound), (answer): ReadonlyArray<ZoneServer> => {
      if (answer._tag === "Failed") return [{ server, place: answer }]
      const address = recordsOf(answer).find(isAllowed)
      return address === undefined ? [] : [{ server, place: { _tag: "Known", address: `${address}:${port}` } }]
    })

const serversOf = (first: FirstResponse, reach: NameServerAccess, name: string) =>
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

/** Name servers of the zone that holds this exact name; aliases are not followed. Empty if not found within 5 s. */
export const zoneServers = (first: FirstResponse, reach: NameServerAccess, name: string) =>
  withinBound(name)(serversOf(first, reach, name))

/**
 * The authoritative name servers of a name, and the name to query: an alias may lead into a zone that its own servers do not
 * serve. Empty if not found within 5 s, or at no allowed address.
 */
export const authoritativeServers = (first: FirstResponse, reach: NameServerAccess, name: string) =>
  Effect.gen(function* () {
    const end = yield* canonicalName(first, bound, name)
    if (end._tag === "Failed") return { canonical: name, servers: [] }
    return yield* serversOf(first, reach, recordsOf(end)[0] ?? name)
  }).pipe(withinBound(name))
