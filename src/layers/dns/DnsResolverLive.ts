import { type Array as Arr, Duration, Effect, Layer } from "effect"
import { type DnsAnswer, DnsResolver, type ServerAnswer } from "../../services/dns/DnsResolver.ts"
import { isPublicAddress } from "../outbound/publicAddress.ts"
import { authoritativeServers, type NameServerAccess, zoneServers } from "./authoritativeServers.ts"
import { canonicalName } from "./canonicalName.ts"
import { ask, dnsQueries, type FirstResponse, failed, found, recordsOf } from "./query.ts"

export interface DnsResolverOptions {
  /** Addresses, with a port if it is not 53. At least one. */
  readonly resolvers: Arr.NonEmptyReadonlyArray<string>
  /** Replaces the zone's own name servers: for private zones and tests. */
  readonly authoritativeServers?: Arr.NonEmptyReadonlyArray<string> | undefined
  /** Timeout per server. Default 10 s. */
  readonly bound?: Duration.DurationInput
  /**
   * How to reach a zone's name servers. Default: port 53, which NS records imply, at public addresses. For others use
   * `authoritativeServers`.
   */
  readonly reach?: NameServerAccess
}

const defaultBound = Duration.seconds(10)
const publicServers: NameServerAccess = { port: 53, isAllowed: isPublicAddress }
const allAtOnce = { concurrency: "unbounded" } as const

/** If one address family fails, the set of addresses is unknown. */
const together = (one: DnsAnswer, other: DnsAnswer): DnsAnswer => {
  if (one._tag === "Failed") return one
  if (other._tag === "Failed") return other
  return found([one, other].flatMap(recordsOf))
}

const addressesFrom = (server: string, name: string, within: Duration.Duration) =>
  Effect.map(
    Effect.all([ask(server, within, dnsQueries.a(name)), ask(server, within, dnsQueries.aaaa(name))], allAtOnce),
    ([four, six]) => together(four, six)
  )

const fromEach = (
  servers: ReadonlyArray<string>,
  question: (server: string) => Effect.Effect<DnsAnswer>
): Effect.Effect<ReadonlyArray<ServerAnswer>> =>
  Effect.forEach(servers, (server) => Effect.map(question(server), (answer) => ({ server, answer })), allAtOnce)

const firstOf =
  (resolvers: ReadonlyArray<string>): FirstResponse =>
  (question, within) =>
    Effect.reduce(resolvers, failed("unreachable"), (answer, server) =>
      answer._tag === "Failed" ? ask(server, within, question) : Effect.succeed(answer)
    )

const make = (options: DnsResolverOptions): DnsResolver["Type"] => {
  const { reach = publicServers, resolvers } = options
  const bound = Duration.decode(options.bound ?? defaultBound)
  const first = firstOf(resolvers)

  const txtFrom = (locate: typeof authoritativeServers) =>
    Effect.fnUntraced(function* (name: string) {
      if (options.authoritativeServers !== undefined)
        return yield* fromEach(options.authoritativeServers, (server) => ask(server, bound, dnsQueries.txt(name)))
      const { canonical, servers } = yield* locate(first, reach, name)
      return yield* Effect.forEach(
        servers,
        ({ place, server }) =>
          Effect.map(
            place._tag === "Failed" ? Effect.succeed(place) : ask(place.address, bound, dnsQueries.txt(canonical)),
            (answer) => ({ server, answer })
          ),
        allAtOnce
      )
    })

  return {
    txt: (name) => fromEach(resolvers, (server) => ask(server, bound, dnsQueries.txt(name))),
    cname: (name) => fromEach(resolvers, (server) => ask(server, bound, dnsQueries.cname(name))),
    addresses: (name) => fromEach(resolvers, (server) => addressesFrom(server, name, bound)),
    authoritativeTxt: txtFrom(authoritativeServers),
    zoneTxt: txtFrom(zoneServers),
    canonicalName: (name) =>
      fromEach(resolvers, (server) => canonicalName((question, within) => ask(server, within, question), bound, name))
  }
}

/** DNS through the configured resolvers only; the system's resolver configuration is not used. */
export const DnsResolverLive = (options: DnsResolverOptions): Layer.Layer<DnsResolver> =>
  Layer.succeed(DnsResolver, make(options))
