import { Clock, Effect, Schema } from "effect"
import { isWildcard } from "../../../names/DomainName.ts"
import { type AcmeAuthorization, AcmeChallenge } from "../../../services/certificate/Acme.ts"
import { CertificateStore } from "../../../services/certificate/CertificateStore.ts"
import { databaseStep } from "../../databaseStep.ts"
import { type DomainView, type Issuance, save } from "../issuance.ts"
import { withAcmeAccount } from "../order/account.ts"
import { IssuanceBlocked, invalidityProblem, problem } from "../problems.ts"
import type { WaitBudget } from "../waitBudget.ts"
import { ensureRecord } from "./dnsRecord.ts"

const second = 1000
const pollInterval = 3 * second
/** Let's Encrypt validates within seconds; slower validations are polled at growing intervals. */
const validationTimeout = 90 * second

/** The domain was deleted during the issuance. */
export class DomainGone extends Schema.TaggedError<DomainGone>()("DomainGone", {}) {}

const Authorization = Schema.Struct({
  at: Schema.Number,
  status: Schema.String,
  retryAfter: Schema.NullOr(Schema.Number),
  /** The challenge of the type that we answer; null when the CA offers none. */
  challenge: Schema.NullOr(Schema.Struct({ ...AcmeChallenge.fields, keyAuthorization: Schema.String })),
  /** Why it is invalid. */
  problem: AcmeChallenge.fields.problem
})
type Authorization = typeof Authorization.Type

/** Wildcard names can be validated by dns-01 only. */
const challengeType = ({ name }: DomainView) => (isWildcard(name) ? "dns-01" : "http-01")

const challengeOf = ({ challenges }: AcmeAuthorization, type: string) =>
  challenges.find((challenge) => challenge.type === type) ?? null

const readAuthorization = (domain: DomainView, url: string) =>
  withAcmeAccount((acme, account) =>
    Effect.gen(function* () {
      const authorization = yield* acme.authorization(account, url)
      const { challenges, retryAfter, status } = authorization
      const challenge = challengeOf(authorization, challengeType(domain))
      const told = challenge?.problem ?? challenges.find((other) => other.problem !== null)?.problem ?? null
      return {
        at: yield* Clock.currentTimeMillis,
        status,
        retryAfter,
        challenge:
          challenge === null
            ? null
            : { ...challenge, keyAuthorization: yield* acme.keyAuthorization(account, challenge.token) },
        problem: told
      } satisfies Authorization
    })
  )

const loadAuthorization = (name: "read-authorization" | "check-authorization", domain: DomainView, url: string) =>
  databaseStep(name, readAuthorization(domain, url), { output: Authorization, error: IssuanceBlocked })

/** Stores the key authorization where frontline serves it, before the CA is asked to validate. */
const writeChallenge = (domain: DomainView, token: string, authorization: string) =>
  Effect.gen(function* () {
    const store = yield* CertificateStore
    const at = yield* Clock.currentTimeMillis
    const isWritten = yield* databaseStep(
      "write-challenge",
      store.writeChallenge({ domainId: domain.id, token, authorization, at }),
      { output: Schema.Boolean }
    )
    if (!isWritten) return yield* new DomainGone()
  })

const Answered = Schema.Struct({ at: Schema.Number, retryAfter: Schema.NullOr(Schema.Number) })

/** Reads the state first: the CA refuses a second response to a challenge. */
const answerChallenge = (domain: DomainView, url: string) =>
  databaseStep(
    "answer-challenge",
    withAcmeAccount((acme, account) =>
      Effect.gen(function* () {
        const authorization = yield* acme.authorization(account, url)
        const challenge = challengeOf(authorization, challengeType(domain))
        const isOpen = authorization.status === "pending" && challenge?.status === "pending"
        const { retryAfter } = isOpen ? yield* acme.respondToChallenge(account, challenge.url) : authorization
        return { at: yield* Clock.currentTimeMillis, retryAfter }
      })
    ),
    { output: Answered, error: IssuanceBlocked }
  )

const requireNotFailed = ({ problem: told, status }: Authorization) => {
  if (status === "pending" || status === "valid") return Effect.succeed(status)
  return new IssuanceBlocked({ problem: invalidityProblem(told) })
}

const awaitValid = (domain: DomainView, issuance: Issuance, url: string, budget: WaitBudget) =>
  Effect.gen(function* () {
    for (;;) {
      const authorization = yield* loadAuthorization("check-authorization", domain, url)
      if ((yield* requireNotFailed(authorization)) === "valid") return
      const { at, retryAfter } = authorization
      if (at - (issuance.answeredAt ?? at) > validationTimeout)
        return yield* new IssuanceBlocked({
          problem: problem("slow", "the challenge is not validated yet", retryAfter)
        })
      yield* budget.wait(Math.max(pollInterval, (retryAfter ?? at) - at), at)
    }
  })

/** Publishes the key authorization, asks the CA to validate it and waits for the result. */
const prove = (domain: DomainView, issuance: Issuance, url: string, budget: WaitBudget) =>
  Effect.gen(function* () {
    const authorization = yield* loadAuthorization("read-authorization", domain, url)
    if ((yield* requireNotFailed(authorization)) === "valid") return issuance
    const { challenge } = authorization
    if (challenge === null)
      return yield* new IssuanceBlocked({
        problem: problem("noChallenge", `no ${challengeType(domain)} for ${domain.name}`)
      })
    let current = issuance
    if (challenge.status === "pending") {
      yield* writeChallenge(domain, challenge.token, challenge.keyAuthorization)
      if (isWildcard(domain.name)) current = yield* ensureRecord(current, challenge.keyAuthorization, budget)
      const { at, retryAfter } = yield* answerChallenge(domain, url)
      current = yield* save(current, { answeredAt: at })
      if (retryAfter !== null && retryAfter > at) yield* budget.wait(retryAfter - at, at)
    }
    yield* awaitValid(domain, current, url, budget)
    return current
  })

/** Completes every authorization of the order that is not valid yet. */
export const authorize = (domain: DomainView, issuance: Issuance, urls: ReadonlyArray<string>, budget: WaitBudget) =>
  Effect.reduce(urls, issuance, (current, url) => prove(domain, current, url, budget))
