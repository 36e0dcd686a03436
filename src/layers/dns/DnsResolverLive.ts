import type { Resolver } from "node:dns/promises"
import { type Array as Arr, Clock, Duration, Effect, Layer } from "effect"
import { type DnsAnswer, DnsResolver, type ServerAnswer } from "../../services/DnsResolver.ts"
import { ask, failed, found, normal } from "./query.ts"

export interface DnsResolverOptions {
  /** Addresses, with a port where it is not 53. At least one. */
  readonly resolvers: Arr.NonEmptyReadonlyArray<string>
  /** Asked instead of the servers that the zone names: for private zones and tests. */
  readonly authoritativeServers?: Arr.NonEmptyReadonlyArray<string> | undefined
  /** What one server is given. Default 10 s. */
  readonly bound?: Duration.DurationInput
  /** Where the servers that a zone names listen. Default 53, the only port that zones can mean. */
  readonly authoritativePort?: number
}

const defaultBound = Duration.seconds(10)
/** Of the walk to the authoritative servers: resolvers that work answer each of its questions within milliseconds. */
const walkBound = Duration.seconds(5)
const maxLinks = 8
/** Zones have two to thirteen servers; a few of them show whether a change has spread. */
const maxAuthoritative = 4

const questions = {
  txt: (name: string) => (resolver: Resolver) =>
    resolver.resolveTxt(name).then((records) => records.map((chunks) => chunks.join(""))),
  cname: (name: string) => (resolver: Resolver) => resolver.resolveCname(name).then((names) => names.map(normal)),
  a: (name: string) => (resolver: Resolver) => resolver.resolve4(name),
  aaaa: (name: string) => (resolver: Resolver) => resolver.resolve6(name).then((all) => all.map(normal)),
  ns: (name: string) => (resolver: Resolver) => resolver.resolveNs(name).then((names) => names.map(normal))
}

/** One family without an answer leaves the set of addresses unknown. */
const together = (one: DnsAnswer, other: DnsAnswer): DnsAnswer => {
  if (one._tag === "Failed") return one
  if (other._tag === "Failed") return other
  return found([one, other].flatMap((answer) => (answer._tag === "Found" ? answer.records : [])))
}

/** `a.b.example.com`, `b.example.com`, `example.com`: a zone of ours is never a top-level domain. */
const upwards = (name: string): ReadonlyArray<string> => {
  const labels = name.split(".")
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."))
}

const allAtOnce = { concurrency: "unbounded" } as const

const make = (options: DnsResolverOptions): DnsResolver["Type"] => {
  const bound = Duration.decode(options.bound ?? defaultBound)
  const { authoritativePort = 53, resolvers } = options

  const fromEach = (
    servers: ReadonlyArray<string>,
    question: (server: string) => Effect.Effect<DnsAnswer>
  ): Effect.Effect<ReadonlyArray<ServerAnswer>> =>
    Effect.forEach(servers, (server) => Effect.map(question(server), (answer) => ({ server, answer })), allAtOnce)

  const addressesFrom = (server: string, name: string, within: Duration.Duration) =>
    Effect.map(
      Effect.all([ask(server, within, questions.a(name)), ask(server, within, questions.aaaa(name))], allAtOnce),
      ([four, six]) => together(four, six)
    )

  /** The first answer that counts, one resolver after another. */
  const firstAnswer = (question: (resolver: Resolver) => Promise<ReadonlyArray<string>>, within: Duration.Duration) =>
    Effect.reduce(resolvers, failed("unreachable") as DnsAnswer, (answer, server) =>
      answer._tag === "Failed" ? ask(server, within, question) : Effect.succeed(answer)
    )

  const recordsOf = (answer: DnsAnswer) => (answer._tag === "Found" ? answer.records : [])

  const canonicalName = (name: string) =>
    Effect.gen(function* () {
      const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(bound)
      const seen = new Set<string>()
      let current = normal(name)
      while (seen.size < maxLinks && !seen.has(current)) {
        const remaining = deadline - (yield* Clock.currentTimeMillis)
        if (remaining <= 0) break
        seen.add(current)
        const [next] = recordsOf(yield* firstAnswer(questions.cname(current), Duration.millis(remaining)))
        if (next === undefined) break
        current = next
      }
      return current
    })

  /** A name that is an alias has the name servers of another zone, so its own are those above it. */
  const serversAbove = (name: string) =>
    Effect.gen(function* () {
      for (const zone of upwards(name)) {
        const [names, alias] = yield* Effect.all(
          [firstAnswer(questions.ns(zone), walkBound), firstAnswer(questions.cname(zone), walkBound)],
          allAtOnce
        )
        if (names._tag === "Found" && alias._tag !== "Found") return names.records
      }
      return []
    })

  const locate = (server: string) =>
    Effect.map(firstAnswer(questions.a(server), walkBound), (answer) =>
      recordsOf(answer)
        .slice(0, 1)
        .map((address) => ({ server, address: `${address}:${authoritativePort}` }))
    )

  /** The value may stand behind an alias, in a zone that the name's own servers do not answer for. */
  const authoritativeServers = (name: string) =>
    Effect.gen(function* () {
      const canonical = yield* canonicalName(name)
      const names = [...(yield* serversAbove(canonical))].sort().slice(0, maxAuthoritative)
      return { canonical, servers: (yield* Effect.forEach(names, locate, allAtOnce)).flat() }
    }).pipe(
      Effect.timeoutTo({
        duration: walkBound,
        onSuccess: (located) => located,
        onTimeout: () => ({ canonical: name, servers: [] })
      })
    )

  const authoritativeTxt = (name: string) =>
    Effect.gen(function* () {
      if (options.authoritativeServers !== undefined)
        return yield* fromEach(options.authoritativeServers, (server) => ask(server, bound, questions.txt(name)))
      const { canonical, servers } = yield* authoritativeServers(name)
      return yield* Effect.forEach(
        servers,
        ({ address, server }) =>
          Effect.map(ask(address, bound, questions.txt(canonical)), (answer) => ({ server, answer })),
        allAtOnce
      )
    })

  return {
    txt: (name) => fromEach(resolvers, (server) => ask(server, bound, questions.txt(name))),
    cname: (name) => fromEach(resolvers, (server) => ask(server, bound, questions.cname(name))),
    addresses: (name) => fromEach(resolvers, (server) => addressesFrom(server, name, bound)),
    authoritativeTxt,
    canonicalName
  }
}

/** DNS over the network, through the configured resolvers alone: what the machine is set up with is not asked. */
export const DnsResolverLive = (options: DnsResolverOptions): Layer.Layer<DnsResolver> =>
  Layer.succeed(DnsResolver, make(options))
