import { createHash } from "node:crypto"
import { Context, Effect, Layer, Option, Ref } from "effect"
import {
  Acme,
  type AcmeAccount,
  type AcmeAuthorization,
  type AcmeChallenge,
  type AcmeError,
  type AcmeOperation,
  type AcmeOrder,
  AcmeProblem,
  type RenewalInfo
} from "../../../src/services/certificate/Acme.ts"
import type { CertificateFacts } from "../../../src/services/certificate/Pki.ts"
import { DnsResolver } from "../../../src/services/dns/DnsResolver.ts"
import { Engine } from "../workflows/ControlPlane.ts"
import { MemoryDns } from "./MemoryDns.ts"
import { publicKeyOf, readCsr, writeChain } from "./MemoryPki.ts"
import { MemoryTables } from "./MemoryTables.ts"

/** One request in the CA's log. */
export interface CaRequest {
  readonly operation: AcmeOperation
  /** The identifier of the request; empty if none. */
  readonly name: string
  /** Unix milliseconds. */
  readonly at: number
}

export interface MemoryCaOptions {
  /** Requests that the CA rejects, by request only: a repeat at the same time is rejected again. */
  readonly refuse?: (request: CaRequest) => AcmeError | undefined
  /** A repeated newOrder returns the open order, as at Let's Encrypt. Default true. */
  readonly reusesOrders?: boolean
  /** How long an authorization is reused, in milliseconds. Default: not at all. */
  readonly reusesProofsFor?: number
  /** Lifetime in milliseconds. Default 90 d. */
  readonly lifetime?: number
  /** How far notBefore is backdated. Default 1 h. */
  readonly backdate?: number
  /** How long validation and issuance take. Default 2 s each. */
  readonly delay?: number
  /** How long an order stays pending after validation. Default: not at all. */
  readonly orderLag?: number
  /** The suggested renewal window. Default: centred at two thirds of the lifetime, as at Let's Encrypt. */
  readonly renewalInfo?: (facts: CertificateFacts, now: number) => RenewalInfo | null
  /** Certificates issued to other clients. */
  readonly issuedBefore?: ReadonlyArray<CertificateFacts>
  /** Overrides validation; undefined uses rows and records. */
  readonly finds?: (name: string, at: number) => AcmeChallenge["problem"] | undefined
  /** Retry-After of a challenge response. Default: none. */
  readonly challengeRetryAfter?: number
  /** Damages issued certificates. */
  readonly misissue?: (facts: CertificateFacts) => CertificateFacts
}

interface Challenge extends Omit<AcmeChallenge, "status" | "problem"> {
  answeredAt: number | null
}

interface Authorization {
  readonly url: string
  readonly name: string
  readonly wildcard: boolean
  readonly challenges: ReadonlyArray<Challenge>
  status: "pending" | "valid" | "invalid"
  problem: AcmeChallenge["problem"]
  validatedAt: number
}

interface Order {
  readonly url: string
  readonly names: ReadonlyArray<string>
  readonly authorizations: ReadonlyArray<Authorization>
  readonly expiresAt: number
  finalizedAt: number | null
  chain: string | null
}

/** The CA's activity, for assertions. */
export class MemoryCa extends Context.Tag("test/MemoryCa")<
  MemoryCa,
  {
    readonly requests: ReadonlyArray<CaRequest>
    /** Orders made and orders finalized, by name. */
    readonly orders: Readonly<Record<string, number>>
    readonly finalized: Readonly<Record<string, number>>
    /** Certificates replaced by renewal orders, as these named them. */
    readonly replaced: ReadonlySet<string>
    readonly accounts: ReadonlyMap<string, string>
    /** Deletes all accounts, as when a staging CA is reset. */
    readonly forgetAccounts: Effect.Effect<void>
  }
>() {}

const day = 86_400_000
const week = 7 * day
const base = "https://ca.test"
const hash = (text: string) => createHash("sha256").update(text).digest("base64url")

const refusal = (operation: AcmeOperation, type: string, status: number, detail: string) =>
  new AcmeProblem({ operation, type, status, detail, subproblems: [], retryAfter: null })

const bareName = (name: string) => name.replace(/^\*\./, "")

/**
 * A CA with accounts, orders and authorizations. HTTP-01 validation uses the rows of the serving chain (a route, then the
 * challenge of the domain's workspace), DNS-01 validation the DNS records. All resources are named after their domain, so that
 * two runs of a story compare.
 */
export const memoryCa = (options: MemoryCaOptions = {}) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { time } = yield* Engine
      const tables = yield* MemoryTables
      const dns = yield* MemoryDns
      const resolver = yield* DnsResolver
      const {
        backdate = 3_600_000,
        delay = 2000,
        issuedBefore = [],
        lifetime = 90 * day,
        orderLag = 0,
        reusesOrders = true,
        reusesProofsFor = 0
      } = options

      const requests: Array<CaRequest> = []
      const accounts = new Map<string, string>()
      const orders = new Map<string, Order>()
      const authorizations = new Map<string, Authorization>()
      const authorizationsOf = new Map<string, Array<Authorization>>()
      const ordersOf = new Map<string, Array<Order>>()
      const issued = new Map(issuedBefore.map((facts) => [facts.certificateId ?? facts.serial, facts]))
      const replaced = new Set<string>()
      const ordered: Record<string, number> = {}
      const finalized: Record<string, number> = {}
      const count = (counts: Record<string, number>, name: string) => {
        counts[name] = (counts[name] ?? 0) + 1
        return counts[name] ?? 0
      }

      /** Logs a request, and rejects it if the options say so. */
      const received = (operation: AcmeOperation, name: string): Effect.Effect<void, AcmeError> =>
        Effect.suspend(() => {
          const request = { operation, name, at: time.now }
          requests.push(request)
          const refused = options.refuse?.(request)
          return refused === undefined ? Effect.void : Effect.fail(refused)
        })
      const from = ({ url }: AcmeAccount, operation: AcmeOperation, name: string) =>
        Effect.zipRight(
          received(operation, name),
          [...accounts.values()].includes(url)
            ? Effect.void
            : refusal(operation, "accountDoesNotExist", 400, "no account has this URL")
        )

      const looksRightInHttp = (name: string, token: string, keyAuthorization: string) =>
        Effect.map(Ref.get(tables), (rows): AcmeChallenge["problem"] => {
          if (!rows.frontline_routes.some((route) => route.fully_qualified_domain_name === name))
            return { type: "connection", detail: `${name} is not served` }
          const domain = rows.custom_domains.find((row) => row.domain === name)
          const challenge = rows.acme_challenges.find(
            (row) => row.domain_id === domain?.id && row.workspace_id === domain?.workspace_id && row.token === token
          )
          if (challenge === undefined) return { type: "unauthorized", detail: "the token is not served" }
          return challenge.authorization === keyAuthorization
            ? null
            : { type: "incorrectResponse", detail: "another answer is served" }
        })
      const looksRightInDns = (name: string, keyAuthorization: string) =>
        Effect.map(resolver.canonicalName(`_acme-challenge.${name}`), ([end]): AcmeChallenge["problem"] => {
          const host = end?.answer._tag === "Found" ? (end.answer.records[0] ?? "") : `_acme-challenge.${name}`
          const values = dns.txt(host)
          if (values.length === 0) return { type: "dns", detail: `no TXT record at ${host}` }
          return values.includes(hash(keyAuthorization)) ? null : { type: "unauthorized", detail: "no value is right" }
        })

      /** The CA validates some time after the request; its findings then are final. */
      const validated = (authorization: Authorization, { key }: Pick<AcmeAccount, "key">) =>
        Effect.gen(function* () {
          const challenge = authorization.challenges.find(({ answeredAt }) => answeredAt !== null)
          const isTime = challenge !== undefined && time.now >= (challenge.answeredAt ?? 0) + delay
          if (authorization.status !== "pending" || challenge === undefined || !isTime) return
          const expected = `${challenge.token}.${hash(publicKeyOf(key))}`
          const seen =
            challenge.type === "dns-01"
              ? yield* looksRightInDns(authorization.name, expected)
              : yield* looksRightInHttp(authorization.name, challenge.token, expected)
          const found = options.finds?.(authorization.name, time.now)
          const problem = found === undefined ? seen : found
          authorization.status = problem === null ? "valid" : "invalid"
          authorization.problem = problem
          authorization.validatedAt = time.now
        })

      const authorizationFor = (name: string, nth: number): Authorization => {
        const url = `${base}/authz/${bareName(name)}/${nth}${name.startsWith("*.") ? "w" : ""}`
        const ofName = authorizationsOf.get(bareName(name)) ?? []
        const known = ofName.find(
          (other) =>
            other.wildcard === name.startsWith("*.") &&
            ((other.status === "valid" && other.validatedAt + reusesProofsFor > time.now) || other.status === "pending")
        )
        if (known !== undefined) return known
        const wildcard = name.startsWith("*.")
        const types = wildcard ? ["dns-01"] : ["tls-alpn-01", "dns-01", "http-01"]
        const made: Authorization = {
          url,
          name: bareName(name),
          wildcard,
          status: "pending",
          problem: null,
          validatedAt: 0,
          challenges: types.map((type) => ({
            type,
            url: `${url}/${type}`,
            token: hash(`${url}/${type}`),
            answeredAt: null
          }))
        }
        authorizations.set(url, made)
        authorizationsOf.set(made.name, [...ofName, made])
        return made
      }

      const factsFor = (order: Order, nth: number): CertificateFacts => {
        const name = order.names[0] ?? ""
        const serial = createHash("sha256").update(`${name} ${nth}`).digest("hex").slice(0, 16).toUpperCase()
        const notBefore = time.now - backdate
        return {
          names: [...order.names].sort(),
          notBefore,
          notAfter: notBefore + lifetime,
          serial,
          certificateId: `aki.${serial}`
        }
      }

      const statusOf = (order: Order): AcmeOrder["status"] => {
        if (order.finalizedAt !== null) return time.now >= order.finalizedAt + delay ? "valid" : "processing"
        if (order.authorizations.some(({ status }) => status === "invalid")) return "invalid"
        const isProven = order.authorizations.every(
          ({ status, validatedAt }) => status === "valid" && time.now >= validatedAt + orderLag
        )
        return isProven ? "ready" : "pending"
      }

      const shown = (order: Order): AcmeOrder => {
        const status = statusOf(order)
        return {
          url: order.url,
          status,
          authorizations: order.authorizations.map(({ url }) => url),
          finalizeUrl: `${order.url}/finalize`,
          certificateUrl: status === "valid" ? `${order.url}/certificate` : null,
          problem: order.authorizations.find(({ problem }) => problem !== null)?.problem ?? null,
          expiresAt: order.expiresAt,
          retryAfter: null
        }
      }

      const find = <A>(known: ReadonlyMap<string, A>, operation: AcmeOperation, url: string) =>
        Effect.mapError(Effect.fromNullable(known.get(url)), () =>
          refusal(operation, "malformed", 404, "no such thing")
        )
      const nameIn = (known: ReadonlyMap<string, Order>, url: string) => known.get(url)?.names[0] ?? ""

      const createOrder = (names: ReadonlyArray<string>, replaces: string | undefined) =>
        Effect.suspend((): Effect.Effect<AcmeOrder, AcmeError> => {
          const name = names[0] ?? ""
          const ofNames = ordersOf.get(names.join()) ?? []
          const open = ofNames.find((order) => ["pending", "ready"].includes(statusOf(order)))
          if (reusesOrders && open !== undefined && open.expiresAt > time.now) return Effect.succeed(shown(open))
          if (replaces !== undefined && replaced.has(replaces))
            return refusal("new-order", "alreadyReplaced", 409, "the certificate has a replacement")
          const nth = count(ordered, name)
          if (replaces !== undefined) replaced.add(replaces)
          const order: Order = {
            url: `${base}/order/${name}/${nth}`,
            names,
            authorizations: names.map((each) => authorizationFor(each, nth)),
            expiresAt: time.now + week,
            finalizedAt: null,
            chain: null
          }
          orders.set(order.url, order)
          ordersOf.set(names.join(), [...ofNames, order])
          return Effect.succeed(shown(order))
        })

      const finalize = (order: Order, csr: string) =>
        Effect.gen(function* () {
          if (statusOf(order) !== "ready")
            return yield* refusal("finalize", "orderNotReady", 403, "the order is not ready")
          const request = yield* Effect.mapError(readCsr(csr), () => refusal("finalize", "badCSR", 400, "no request"))
          if (request.names.join() !== [...order.names].sort().join())
            return yield* refusal("finalize", "badCSR", 400, "other names than those of the order")
          const facts = factsFor(order, count(finalized, order.names[0] ?? ""))
          const spoilt = options.misissue?.(facts) ?? facts
          order.finalizedAt = time.now
          order.chain = writeChain(spoilt, request.key)
          if (facts.certificateId !== null) issued.set(facts.certificateId, facts)
          return shown(order)
        })

      const suggested = (facts: CertificateFacts): RenewalInfo | null => {
        if (options.renewalInfo !== undefined) return options.renewalInfo(facts, time.now)
        const life = facts.notAfter - facts.notBefore
        const centre = facts.notBefore + (life < 10 * day ? life / 2 : (life * 2) / 3)
        return {
          windowStart: Math.floor(centre - life / 100),
          windowEnd: Math.floor(centre + life / 100),
          retryAfter: time.now + 21_600_000
        }
      }

      const acme = Acme.of({
        check: Effect.void,
        register: (key) =>
          Effect.map(received("new-account", ""), () => {
            const owner = publicKeyOf(key)
            const url = accounts.get(owner) ?? `${base}/account/${accounts.size + 1}`
            accounts.set(owner, url)
            return url
          }),
        createOrder: (account, { names, replaces }) =>
          Effect.zipRight(from(account, "new-order", names[0] ?? ""), createOrder(names, replaces)),
        order: (account, url) =>
          Effect.zipRight(from(account, "order", nameIn(orders, url)), Effect.map(find(orders, "order", url), shown)),
        authorization: (account, url) =>
          Effect.gen(function* () {
            yield* from(account, "authorization", authorizations.get(url)?.name ?? "")
            const authorization = yield* find(authorizations, "authorization", url)
            yield* validated(authorization, account)
            const { challenges, name, problem, status, wildcard } = authorization
            return {
              url,
              name,
              wildcard,
              status,
              retryAfter: null,
              challenges: challenges.map(({ answeredAt, ...challenge }) => ({
                ...challenge,
                status: answeredAt === null ? "pending" : status === "pending" ? "processing" : status,
                problem: answeredAt === null ? null : problem
              }))
            } satisfies AcmeAuthorization
          }),
        keyAuthorization: ({ key }, token) => Effect.succeed(`${token}.${hash(publicKeyOf(key))}`),
        respondToChallenge: (account, url) =>
          Effect.gen(function* () {
            // The URL of a challenge is that of its authorization and one more segment.
            const authorization = authorizations.get(url.slice(0, url.lastIndexOf("/")))
            yield* from(account, "challenge", authorization?.name ?? "")
            const challenge = authorization?.challenges.find((one) => one.url === url)
            if (
              authorization === undefined ||
              challenge === undefined ||
              challenge.answeredAt !== null ||
              authorization.status !== "pending"
            )
              return yield* refusal("challenge", "malformed", 400, "the challenge is not pending")
            challenge.answeredAt = time.now
            const { challengeRetryAfter } = options
            return { retryAfter: challengeRetryAfter === undefined ? null : time.now + challengeRetryAfter }
          }),
        finalize: (account, { url }, csr) =>
          Effect.zipRight(
            from(account, "finalize", nameIn(orders, url)),
            Effect.flatMap(find(orders, "finalize", url), (order) => finalize(order, csr))
          ),
        certificate: (account, { url }) =>
          Effect.gen(function* () {
            yield* from(account, "certificate", nameIn(orders, url))
            const order = yield* find(orders, "certificate", url)
            if (order.chain === null || statusOf(order) !== "valid")
              return yield* refusal("certificate", "malformed", 404, "no certificate yet")
            return order.chain
          }),
        renewalInfo: (certificateId) =>
          Effect.zipRight(
            received("renewal-info", issued.get(certificateId)?.names[0] ?? ""),
            Effect.sync(() => {
              const facts = issued.get(certificateId)
              return Option.fromNullable(facts === undefined ? null : suggested(facts))
            })
          )
      })

      return Context.make(Acme, acme).pipe(
        Context.add(
          MemoryCa,
          MemoryCa.of({
            requests,
            orders: ordered,
            finalized,
            replaced,
            accounts,
            forgetAccounts: Effect.sync(() => accounts.clear())
          })
        )
      )
    })
  )
