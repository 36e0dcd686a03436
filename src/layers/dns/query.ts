import { Resolver } from "node:dns/promises"
import { Duration, Effect, Option } from "effect"
import { type DnsName, dnsName } from "../../names/DnsName.ts"
import type { DnsAnswer } from "../../services/dns/DnsResolver.ts"

type Failed = Extract<DnsAnswer, { readonly _tag: "Failed" }>

export const absent: DnsAnswer = { _tag: "Absent" }
export const failed = (reason: Failed["reason"]): DnsAnswer => ({ _tag: "Failed", reason })
export const found = (records: ReadonlyArray<string>): DnsAnswer =>
  records.length === 0 ? absent : { _tag: "Found", records }

/** Normalizes names and host records: lower case, no final dot. */
export const normalize = (name: string): string => name.toLowerCase().replace(/\.$/, "")

/** Results by c-ares error code. A name that DNS cannot encode (EBADNAME) does not exist. */
const answers: ReadonlyMap<string, DnsAnswer> = new Map<string, DnsAnswer>([
  ["ENODATA", absent],
  ["ENOTFOUND", absent],
  ["EBADNAME", absent],
  ["ETIMEOUT", failed("timeout")],
  ["ECANCELLED", failed("timeout")],
  ["EREFUSED", failed("refused")],
  ["ESERVFAIL", failed("server_failure")],
  ["EFORMERR", failed("server_failure")],
  ["ENOTIMP", failed("server_failure")],
  ["EBADRESP", failed("server_failure")]
])

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""

/** Two tries within the time limit: datagrams can get lost. */
const tries = 2

/**
 * Sends one query to one server. Never fails; after the timeout the query is cancelled. Each query has its own resolver,
 * because cancelling affects all queries of a resolver.
 */
export const ask = (server: string, bound: Duration.Duration, question: DnsQuery): Effect.Effect<DnsAnswer> =>
  Effect.suspend(() => {
    const resolver = new Resolver({ timeout: Math.ceil(Duration.toMillis(bound) / tries), tries })
    resolver.setServers([server])
    return Effect.tryPromise({ try: () => question(resolver), catch: codeOf }).pipe(
      Effect.match({
        onFailure: (code) => answers.get(code) ?? failed("unreachable"),
        onSuccess: found
      }),
      Effect.timeoutOption(bound),
      Effect.map(Option.getOrElse((): DnsAnswer => failed("timeout"))),
      Effect.ensuring(Effect.sync(() => resolver.cancel()))
    )
  })

export type DnsQuery = (resolver: Resolver) => Promise<ReadonlyArray<string>>

const noRecords: DnsQuery = () => Promise.resolve([])

/**
 * The only access to Node's resolver, which transforms its input: it queries `evil.com` for `evil.com\0.victim.com`. So it gets
 * only names that are literal; any other name does not exist.
 */
const validated =
  (ask: (resolver: Resolver, name: DnsName) => Promise<ReadonlyArray<string>>) =>
  (text: string): DnsQuery =>
    Option.match(dnsName(text), { onNone: () => noRecords, onSome: (name) => (resolver) => ask(resolver, name) })

/** The supported queries. Records have the form that the service promises. */
export const dnsQueries = {
  txt: validated((resolver, name) =>
    resolver.resolveTxt(name).then((records) => records.map((chunks) => chunks.join("")))
  ),
  cname: validated((resolver, name) => resolver.resolveCname(name).then((names) => names.map(normalize))),
  a: validated((resolver, name) => resolver.resolve4(name)),
  aaaa: validated((resolver, name) => resolver.resolve6(name).then((all) => all.map(normalize))),
  ns: validated((resolver, name) => resolver.resolveNs(name).then((names) => names.map(normalize)))
}

/** Queries the resolvers one after another, each within the timeout, until one gives a usable response. */
export type FirstResponse = (question: DnsQuery, within: Duration.Duration) => Effect.Effect<DnsAnswer>

export const recordsOf = (answer: DnsAnswer): ReadonlyArray<string> => (answer._tag === "Found" ? answer.records : [])
