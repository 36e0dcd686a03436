import { Clock, Effect, Schema } from "effect"
import { isWildcard } from "../../names/DomainName.ts"
import { type AcmeAuthorization, AcmeChallenge } from "../../services/Acme.ts"
import { CertificateStore } from "../../services/CertificateStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { withAcmeAccount } from "./account.ts"
import { ensureRecord } from "./dnsRecord.ts"
import { type DomainView, type Issuance, save } from "./issuance.ts"
import { IssuanceBlocked, invalidityProblem, problem } from "./problems.ts"
import type { WaitBudget } from "./waitBudget.ts"

const second = 1000
const pollInterval = 3 * second
/** Let's Encrypt validates within seconds; what takes longer is asked at growing intervals. */
const validationTimeout = 90 * second

/** The domain was deleted while its certificate was under way. */
export class DomainGone extends Schema.TaggedError<DomainGone>()("DomainGone", {}) {}

const Authorization = Schema.Struct({
  at: Schema.Number,
  status: Schema.String,
  retryAfter: Schema.NullOr(Schema.Number),
  /** The one that we can answer; null when the CA offers none. */
  challenge: Schema.NullOr(Schema.Struct({ ...AcmeChallenge.fields, keyAuthorization: Schema.String })),
  /** Why it is invalid. */
  problem: AcmeChallenge.fields.problem
})
type Authorization = typeof Authorization.Type

/** Names that begin with `*.` can be proven in DNS only. */
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

/** Where frontline finds the answer, before the CA is told to ask for it. */
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

/** The state first: a challenge is answered once, and asking twice would be refused. */
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

const awaitValid = (domain: DomainView, issuance: Issuance, url: string, patience: WaitBudget) =>
  Effect.gen(function* () {
    for (;;) {
      const authorization = yield* loadAuthorization("check-authorization", domain, url)
      if ((yield* requireNotFailed(authorization)) === "valid") return
      const { at, retryAfter } = authorization
      if (at - (issuance.answeredAt ?? at) > validationTimeout)
        return yield* new IssuanceBlocked({
          problem: problem("slow", "the challenge is not validated yet", retryAfter)
        })
      yield* patience.wait(Math.max(pollInterval, (retryAfter ?? at) - at), at)
    }
  })

/** Makes the answer public, asks the CA to look, and waits until it has. */
const prove = (domain: DomainView, issuance: Issuance, url: string, patience: WaitBudget) =>
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
      if (isWildcard(domain.name)) current = yield* ensureRecord(current, challenge.keyAuthorization, patience)
      const { at, retryAfter } = yield* answerChallenge(domain, url)
      current = yield* save(current, { answeredAt: at })
      if (retryAfter !== null && retryAfter > at) yield* patience.wait(retryAfter - at, at)
    }
    yield* awaitValid(domain, current, url, patience)
    return current
  })

/** Proves every name of the order that the CA does not take as proven already. */
export const authorize = (domain: DomainView, issuance: Issuance, urls: ReadonlyArray<string>, patience: WaitBudget) =>
  Effect.reduce(urls, issuance, (current, url) => prove(domain, current, url, patience))
