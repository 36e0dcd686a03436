import { Clock, Effect, Either, Schema } from "effect"
import { step } from "effect-restate"
import { isWildcard } from "../../../names/DomainName.ts"
import { CertificateSettings } from "../../../services/certificate/CertificateSettings.ts"
import { challengeName } from "../../../services/dns/ChallengeRecord.ts"
import { DnsResolver } from "../../../services/dns/DnsResolver.ts"
import { Delegation, delegationOf } from "../../challenge/delegation.ts"
import { isOfPlatform, recordOf } from "../../challenge/recordOf.ts"
import type { DomainView, Issuance } from "../issuance.ts"
import { IssuanceBlocked, problem } from "../problems.ts"
import type { WaitBudget } from "../waitBudget.ts"

/** Attempts while DNS gives no answer, and milliseconds between them. */
const maxAttempts = 4
const attemptInterval = 3000

const checkDelegation = (name: string, target: string) =>
  step(
    "look-at-delegation",
    Effect.gen(function* () {
      const ends = yield* (yield* DnsResolver).canonicalName(name)
      return { at: yield* Clock.currentTimeMillis, delegation: delegationOf(name, target, ends) }
    }),
    { output: Schema.Struct({ at: Schema.Number, delegation: Delegation }) }
  )

/** No answer from DNS is no evidence about the delegation: retried here, and then by a later invocation. */
const awaitDelegation = (name: string, target: string, budget: WaitBudget) =>
  Effect.gen(function* () {
    for (let attempt = 1; ; attempt++) {
      const { at, delegation } = yield* checkDelegation(name, target)
      if (delegation._tag === "Delegated") return
      if (delegation._tag === "NotDelegated")
        return yield* new IssuanceBlocked({ problem: problem("notDelegated", delegation.finding) })
      if (attempt === maxAttempts)
        return yield* new IssuanceBlocked({ problem: problem("dnsSilent", delegation.finding) })
      yield* budget.wait(attemptInterval, at)
    }
  })

/**
 * Wildcards are validated by dns-01. Requires, before any request to the CA, that the record's name is known and, for a
 * customer's domain, that its CNAME delegates to it.
 */
export const requireRecord = (domain: DomainView, { record: written }: Issuance, budget: WaitBudget) =>
  Effect.gen(function* () {
    if (!isWildcard(domain.name)) return
    const record = recordOf(domain, yield* CertificateSettings)
    if (Either.isLeft(record)) {
      const { _tag, reason } = record.left
      return yield* new IssuanceBlocked({
        problem: problem(_tag === "NotOurs" ? "dnsRefused" : "noDelegationDomain", reason)
      })
    }
    if (isOfPlatform(domain) || written?.name === record.right.name) return
    yield* awaitDelegation(challengeName(domain.name), record.right.name, budget)
  })
