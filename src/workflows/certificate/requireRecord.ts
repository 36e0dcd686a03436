import { Clock, Effect, Either, Schema } from "effect"
import { step } from "effect-restate"
import { isWildcard } from "../../names/DomainName.ts"
import { CertificateSettings } from "../../services/CertificateSettings.ts"
import { challengeName } from "../../services/ChallengeRecord.ts"
import { DnsResolver } from "../../services/DnsResolver.ts"
import { Delegation, judgeDelegation } from "../challenge/delegation.ts"
import { isOfPlatform, recordOf } from "../challenge/recordOf.ts"
import type { DomainView, Issuance } from "./issuance.ts"
import { IssuanceBlocked, problem } from "./problems.ts"
import type { WaitBudget } from "./waitBudget.ts"

/** Looks while DNS gives no answer, and milliseconds between two of them. */
const maxAttempts = 4
const attemptInterval = 3000

const checkDelegation = (name: string, target: string) =>
  step(
    "look-at-delegation",
    Effect.gen(function* () {
      const ends = yield* (yield* DnsResolver).canonicalName(name)
      return { at: yield* Clock.currentTimeMillis, delegation: judgeDelegation(name, target, ends) }
    }),
    { output: Schema.Struct({ at: Schema.Number, delegation: Delegation }) }
  )

/** DNS that gives no answer says nothing about the delegation: it is asked again, here and then in a later invocation. */
const awaitDelegation = (name: string, target: string, patience: WaitBudget) =>
  Effect.gen(function* () {
    for (let looks = 1; ; looks++) {
      const { at, delegation } = yield* checkDelegation(name, target)
      if (delegation._tag === "Delegated") return
      if (delegation._tag === "NotDelegated")
        return yield* new IssuanceBlocked({ problem: problem("notDelegated", delegation.finding) })
      if (looks === maxAttempts)
        return yield* new IssuanceBlocked({ problem: problem("dnsSilent", delegation.finding) })
      yield* patience.wait(attemptInterval, at)
    }
  })

/**
 * A wildcard is proven in DNS, where we write one record and no other: nothing is asked of the CA before its name is known
 * and, for a customer's domain, delegated to us.
 */
export const requireRecord = (domain: DomainView, { record: written }: Issuance, patience: WaitBudget) =>
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
    yield* awaitDelegation(challengeName(domain.name), record.right.name, patience)
  })
