import { Clock, Effect, Schema } from "effect"
import { step } from "effect-restate"
import { AcmeOrder } from "../../../services/certificate/Acme.ts"
import { Pki } from "../../../services/certificate/Pki.ts"
import { recordMetric } from "../../../services/Metrics.ts"
import { certificateKey } from "../../../services/vault/Purpose.ts"
import { Vault } from "../../../services/vault/Vault.ts"
import { databaseStep } from "../../databaseStep.ts"
import { type DomainView, type Issuance, issuedCell, issuedTimes, save } from "../issuance.ts"
import { IssuanceBlocked, invalidityProblem, problem } from "../problems.ts"
import type { WaitBudget } from "../waitBudget.ts"
import { decryptKey, ensureAccount, withAcmeAccount } from "./account.ts"
import { nextIssuanceAt, withIssuance } from "./attempts.ts"

/** An issuance and its order as last read from the CA. */
export interface Ordered {
  readonly issuance: Issuance
  readonly order: AcmeOrder
}

const ObservedOrder = Schema.Struct({ at: Schema.Number, order: AcmeOrder })

const second = 1000
const pollInterval = 3 * second
/** An order that takes longer to issue is polled at growing intervals. */
const issuanceTimeout = 120 * second

/**
 * Creates and encrypts the certificate's key before any request to the CA, so that an issued certificate is always
 * usable.
 */
export const ensureKey = (domain: DomainView, issuance: Issuance) =>
  Effect.gen(function* () {
    if (issuance.encryptedKey !== null) return issuance
    const { generateCertificateKey } = yield* Pki
    const vault = yield* Vault
    const encryptedKey = yield* step(
      "create-key",
      Effect.flatMap(generateCertificateKey, (key) =>
        vault.encrypt(domain.workspaceId, key, certificateKey(domain.name))
      ),
      { output: Schema.String }
    )
    return yield* save(issuance, { encryptedKey })
  })

const createOrder = (domain: DomainView, replaces: string | null) =>
  databaseStep(
    "create-order",
    Effect.gen(function* () {
      const request = { names: [domain.name], ...(replaces === null ? {} : { replaces }) }
      const order = yield* withAcmeAccount((acme, account) => acme.createOrder(account, request))
      yield* recordMetric({ _tag: "AcmeOrder", outcome: "created" })
      return { at: yield* Clock.currentTimeMillis, order }
    }),
    { output: ObservedOrder, error: IssuanceBlocked }
  )

const readOrder = (url: string) =>
  databaseStep(
    "read-order",
    Effect.gen(function* () {
      const order = yield* withAcmeAccount((acme, account) => acme.order(account, url))
      return { at: yield* Clock.currentTimeMillis, order }
    }),
    { output: ObservedOrder, error: IssuanceBlocked }
  )

/** Fails for an invalid or expired order. */
const requireUsable = ({ at, order }: typeof ObservedOrder.Type) => {
  if (order.status === "invalid") return new IssuanceBlocked({ problem: invalidityProblem(order.problem) })
  const isOpen = order.status === "pending" || order.status === "ready"
  if (isOpen && order.expiresAt !== null && order.expiresAt <= at)
    return new IssuanceBlocked({ problem: problem("orderGone", "the order has expired") })
  return Effect.succeed(order)
}

/**
 * At most two certificates within a day: a loop would exhaust the CA's limit for the same names, which lasts a week.
 */
const requireReissueAllowed = (issuance: Issuance) =>
  Effect.gen(function* () {
    if (issuance.isForced) return
    const issued = yield* issuedTimes
    const now = yield* Clock.currentTimeMillis
    const at = nextIssuanceAt(issued, now)
    if (at > now)
      return yield* new IssuanceBlocked({
        problem: problem("reissueGuard", "two certificates were issued within a day", at)
      })
  })

/** The one order of this issuance: created once, its URL stored at once, and read from then on. */
export const ensureOrder = (domain: DomainView, issuance: Issuance) =>
  Effect.gen(function* () {
    if (issuance.orderUrl !== null) {
      const order = yield* Effect.flatMap(readOrder(issuance.orderUrl), requireUsable)
      return { issuance, order } satisfies Ordered
    }
    yield* requireReissueAllowed(issuance)
    yield* ensureAccount
    const seen = yield* createOrder(domain, issuance.replaces)
    const ordered = yield* save(issuance, { orderUrl: seen.order.url })
    return { issuance: ordered, order: yield* requireUsable(seen) } satisfies Ordered
  })

/** Counted before it is finalized, so that a crash cannot hide an issuance from the limit. */
const countIssuance = (issuance: Issuance) =>
  Effect.gen(function* () {
    if (issuance.finalizedAt !== null) return issuance
    const issued = yield* issuedTimes
    const now = yield* Clock.currentTimeMillis
    yield* issuedCell.set(withIssuance(issued, now))
    return yield* save(issuance, { finalizedAt: now })
  })

/** An issuance whose order may be finalized: it has the key that signs the request. */
type Finalizing = Issuance & { readonly encryptedKey: string }

/** The key is created before any request to the CA. */
export const withKey = (issuance: Issuance): Finalizing => {
  const { encryptedKey } = issuance
  if (encryptedKey === null) throw new TypeError("an issuance has its key before its order")
  return { ...issuance, encryptedKey }
}

/** The CA refused to issue, so the order is not counted. A missing answer still counts: the CA may have issued. */
const uncountIssuance = (issuance: Issuance) =>
  Effect.gen(function* () {
    const issued = yield* issuedTimes
    yield* issuedCell.set(issued.filter((time) => time !== issuance.finalizedAt))
    yield* save(issuance, { finalizedAt: null })
  })

const isRefusal = ({ problem: { status } }: IssuanceBlocked): boolean => status >= 400 && status < 500

/** Reads the state first: the CA refuses to finalize an order twice. Signs the request with the stored key. */
const finalizeOrder = (domain: DomainView, issuance: Finalizing, orderUrl: string) =>
  databaseStep(
    "finalize-order",
    Effect.gen(function* () {
      const pki = yield* Pki
      const key = yield* decryptKey(domain.workspaceId, issuance.encryptedKey, certificateKey(domain.name))
      const csr = yield* pki.createCsr(key, [domain.name])
      const order = yield* withAcmeAccount((acme, account) =>
        Effect.gen(function* () {
          const current = yield* acme.order(account, orderUrl)
          if (current.status !== "ready") return current
          const finalized = yield* acme.finalize(account, current, csr)
          yield* recordMetric({ _tag: "AcmeOrder", outcome: "finalized" })
          return finalized
        })
      )
      return { at: yield* Clock.currentTimeMillis, order }
    }),
    { output: ObservedOrder, error: IssuanceBlocked }
  ).pipe(Effect.tapErrorTag("Hindered", (error) => (isRefusal(error) ? uncountIssuance(issuance) : Effect.void)))

/** Polls until the CA has issued. An order that was not ready yet is finalized once it is. */
const awaitIssued = (domain: DomainView, issuance: Finalizing, seen: typeof ObservedOrder.Type, budget: WaitBudget) =>
  Effect.gen(function* () {
    let { at, order } = seen
    while ((yield* requireUsable({ at, order })).status !== "valid") {
      if (at - (issuance.finalizedAt ?? at) > issuanceTimeout)
        return yield* new IssuanceBlocked({
          problem: problem("slow", "the certificate is not issued yet", order.retryAfter)
        })
      yield* budget.wait(Math.max(pollInterval, (order.retryAfter ?? at) - at), at)
      ;({ at, order } =
        order.status === "processing" ? yield* readOrder(order.url) : yield* finalizeOrder(domain, issuance, order.url))
    }
    return { issuance, order } satisfies Ordered
  })

/** Finalizes an order whose authorizations are valid. */
export const finalize = (domain: DomainView, { issuance, order }: Ordered, budget: WaitBudget) =>
  Effect.gen(function* () {
    if (order.status === "valid") return { issuance, order } satisfies Ordered
    const finalizing = withKey(yield* countIssuance(issuance))
    const seen = yield* finalizeOrder(domain, finalizing, order.url)
    return yield* awaitIssued(domain, finalizing, seen, budget)
  })
