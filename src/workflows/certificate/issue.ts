import { Clock, Effect, Option, Schema } from "effect"
import { key, onRollback, saga, send, step, uuid } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import { NotFound } from "../../contract/errors.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { CertificateStore } from "../../services/certificate/CertificateStore.ts"
import { recordMetric } from "../../services/Metrics.ts"
import { isOfPlatform } from "../challenge/recordOf.ts"
import { databaseStep } from "../databaseStep.ts"
import { collect } from "./collect/collect.ts"
import { decideProblem, type ProblemAction } from "./decide/decideProblem.ts"
import { type DomainView, failuresCell, type Issuance, issuanceCell, renewalCell, save } from "./issuance.ts"
import { registerAgain } from "./order/account.ts"
import { maxOwnRetries, nextTryAt } from "./order/attempts.ts"
import { ensureKey, ensureOrder, finalize, type Ordered } from "./order/order.ts"
import { decisiveType, IssuanceBlocked, type Problem, problem } from "./problems.ts"
import { authorize } from "./prove/authorize.ts"
import { removeRecord } from "./prove/dnsRecord.ts"
import { requireRecord } from "./prove/requireRecord.ts"
import { makeWaitBudget, type WaitBudget } from "./waitBudget.ts"

const answer = (status: "success" | "failed" | "pending", certificateId = "") => ({ certificateId, status })
export const pending = answer("pending")
export const failed = answer("failed")
export const success = (certificateId: string) => answer("success", certificateId)

/** One order, from the key to the stored certificate. Every part continues from where an earlier invocation stopped. */
const obtainCertificate = (domain: DomainView, begun: Issuance, budget: WaitBudget) =>
  Effect.gen(function* () {
    yield* requireRoute(domain)
    yield* requireRecord(domain, begun, budget)
    const keyed = yield* ensureKey(domain, begun)
    const ordered = yield* ensureOrder(domain, keyed)
    const proven = yield* proveNames(domain, ordered, budget)
    const issued = yield* finalize(domain, proven, budget)
    const certificateId = yield* collect(domain, issued)
    return yield* completeIssuance(certificateId)
  })

/**
 * A customer's domain needs a route: the CA validates through frontline, which refuses names without a route and caches
 * the refusal for minutes. A domain whose ownership proof has expired has lost its route.
 */
const requireRoute = (domain: DomainView) =>
  domain.hasRoute || isOfPlatform(domain)
    ? Effect.void
    : new IssuanceBlocked({ problem: problem("noRoute", `${domain.name} has no route`) })

const proveNames = (domain: DomainView, { issuance, order }: Ordered, budget: WaitBudget) =>
  Effect.gen(function* () {
    if (order.status !== "pending") return { issuance, order } satisfies Ordered
    const proven = yield* authorize(domain, issuance, order.authorizations, budget)
    return { issuance: proven, order } satisfies Ordered
  })

/** The issuance as stored in the object's state. */
const currentIssuance = Effect.flatMap(
  issuanceCell.get,
  Option.match({
    onNone: () => Effect.dieMessage("an issuance under way is in the object's state"),
    onSome: Effect.succeed
  })
)

/** Removes the DNS record and clears the issuance. */
export const clearIssuance = Effect.gen(function* () {
  const current = yield* issuanceCell.get
  if (Option.isSome(current)) yield* removeRecord(current.value)
  yield* issuanceCell.clear
})

const completeIssuance = (certificateId: string) =>
  Effect.gen(function* () {
    yield* clearIssuance
    yield* failuresCell.clear
    yield* renewalCell.clear
    return success(certificateId)
  })

/** Cleans up after a domain whose rows were deleted. */
export const abandon = (name: DomainName) =>
  Effect.gen(function* () {
    yield* clearIssuance
    yield* failuresCell.clear
    yield* renewalCell.clear
    return yield* new NotFound({ resource: "custom domain", id: name })
  })

const continueAt = (name: DomainName, nonce: string, until: number) =>
  Effect.gen(function* () {
    const delay = Math.max(0, until - (yield* Clock.currentTimeMillis))
    yield* send(CertificateService, yield* key, "ContinueIssuance", { nonce, domain: name }, { delay })
  })

/** Ends the invocation, which releases the domain's key, and schedules its continuation. */
export const postpone = (name: DomainName, issuance: Issuance, until: number) =>
  Effect.gen(function* () {
    const nonce = yield* uuid
    yield* save(issuance, { nonce, resumeAt: until })
    yield* continueAt(name, nonce, until)
    return pending
  })

/** Drops the order. Keeps the key unless a certificate may have been issued for it. */
const withoutOrder = (issuance: Issuance, action: Extract<ProblemAction, { readonly _tag: "NewOrder" }>) =>
  Effect.gen(function* () {
    const cleaned = yield* removeRecord(issuance)
    return yield* save(cleaned, {
      orderUrl: null,
      answeredAt: null,
      finalizedAt: null,
      attempts: issuance.attempts + 1,
      replaces: action.withoutReplaces ? null : issuance.replaces,
      encryptedKey: action.newKey || issuance.finalizedAt !== null ? null : issuance.encryptedKey
    })
  })

type GiveUp = Extract<ProblemAction, { readonly _tag: "GiveUp" }>

const markFailed = (domain: DomainView, issuance: Issuance, { reason }: GiveUp) =>
  Effect.gen(function* () {
    const store = yield* CertificateStore
    const at = yield* Clock.currentTimeMillis
    const write = store.markFailed({ domainId: domain.id, reason, at })
    const count = recordMetric({ _tag: "IssuanceEnded", kind: issuance.kind, outcome: "failed" })
    yield* databaseStep("mark-failed", Effect.zipRight(write, count))
    return at
  })

/** Marks the challenge failed with the reason, and schedules the next attempt unless only the daily renewal retries. */
const giveUp = (domain: DomainView, issuance: Issuance, action: GiveUp, { detail }: Problem) =>
  Effect.gen(function* () {
    const { notBefore, reason, soon, who } = action
    yield* Effect.logWarning("A certificate cannot be obtained", { who, reason, detail })
    const at = yield* markFailed(domain, issuance, action)
    yield* clearIssuance
    const before = Option.match(yield* failuresCell.get, { onNone: () => 0, onSome: ({ count }) => count })
    const count = soon ? before + 1 : maxOwnRetries + 1
    const nonce = yield* uuid
    const failures = { count, at, nonce, ...(notBefore === null ? {} : { notBefore }) }
    yield* failuresCell.set(failures)
    if (count <= maxOwnRetries) yield* continueAt(domain.name, nonce, nextTryAt(failures))
    return failed
  })

type IssuanceProgress =
  | { readonly _tag: "Answer"; readonly answer: ReturnType<typeof answer> }
  | { readonly _tag: "GoOn"; readonly issuance: Issuance }

const done = (given: ReturnType<typeof answer>): IssuanceProgress => ({ _tag: "Answer", answer: given })
const continueWith = (issuance: Issuance): IssuanceProgress => ({ _tag: "GoOn", issuance })

/** `replaces` is optional (RFC 9773, section 5): a refused order is retried once without it before giving up. */
const retryWithoutReplaces = (action: ProblemAction, issuance: Issuance, now: number): ProblemAction =>
  action._tag === "GiveUp" && issuance.orderUrl === null && issuance.replaces !== null
    ? { _tag: "NewOrder", until: action.notBefore ?? now, withoutReplaces: true, newKey: false }
    : action

/** Counts the problem once, journaled, and answers with the time. */
const countProblem = (met: Problem) =>
  step(
    "note-problem",
    Effect.zipRight(recordMetric({ _tag: "CertificateProblem", type: decisiveType(met) }), Clock.currentTimeMillis),
    { output: Schema.Number }
  )

/** When a domain's first issuance began, as long as none has failed: it may start seconds after the verification. */
const firstBegunAt = ({ begunAt, kind }: Issuance) =>
  Effect.map(failuresCell.get, (failures) =>
    kind === "first" && Option.isNone(failures) && begunAt !== undefined ? begunAt : null
  )

const applyDecision = (domain: DomainView, met: Problem) =>
  Effect.gen(function* () {
    const issuance = yield* currentIssuance
    const now = yield* countProblem(met)
    const begunAt = yield* firstBegunAt(issuance)
    const action = retryWithoutReplaces(decideProblem(met, issuance.attempts, now, begunAt), issuance, now)
    const again = { ...issuance, attempts: issuance.attempts + 1 }
    switch (action._tag) {
      case "Wait":
      case "Retry":
        return done(yield* postpone(domain.name, again, action.until))
      case "NewOrder": {
        const restarted = yield* withoutOrder(issuance, action)
        return action.until <= now
          ? continueWith(restarted)
          : done(yield* postpone(domain.name, restarted, action.until))
      }
      case "Register": {
        yield* registerAgain
        return continueWith(yield* save(again, {}))
      }
      case "GiveUp":
        return done(yield* giveUp(domain, issuance, action, met))
    }
  })

type Applied = ReturnType<typeof applyDecision>
type Resolved = Effect.Effect<
  IssuanceProgress,
  Exclude<Effect.Effect.Error<Applied>, IssuanceBlocked>,
  Effect.Effect.Context<Applied>
>

/**
 * Applies the decision for the problem. A problem of the registration itself is decided in the same way, one attempt
 * later.
 */
const resolveProblem = (domain: DomainView, met: Problem): Resolved =>
  Effect.catchTag(applyDecision(domain, met), "Hindered", (again) =>
    Effect.gen(function* () {
      const issuance = yield* currentIssuance
      yield* save(issuance, { attempts: issuance.attempts + 1 })
      return yield* resolveProblem(domain, again.problem)
    })
  )

/**
 * Continues an issuance until the certificate is stored, given up, or has to wait longer than a minute. Problems are
 * handled by `decideProblem`. A cancellation removes the DNS record; the rest of the state stays for the next request.
 */
export const issue = (domain: DomainView, begun: Issuance) =>
  saga(
    Effect.gen(function* () {
      yield* onRollback(() =>
        Effect.flatMap(issuanceCell.get, Option.match({ onNone: () => Effect.void, onSome: removeRecord })).pipe(
          Effect.catchTag("EncodingFailed", ({ message }) =>
            Effect.logError("A DNS record of a cancelled issuance may remain", { problem: message })
          )
        )
      )
      const budget = makeWaitBudget()
      let outcome: IssuanceProgress = continueWith(begun)
      while (outcome._tag === "GoOn") {
        outcome = yield* obtainCertificate(domain, outcome.issuance, budget).pipe(
          Effect.map(done),
          Effect.catchTags({
            Hindered: ({ problem: met }) => resolveProblem(domain, met),
            Postponed: ({ until }) =>
              Effect.flatMap(currentIssuance, (issuance) => Effect.map(postpone(domain.name, issuance, until), done)),
            DomainGone: () => abandon(domain.name)
          })
        )
      }
      return outcome.answer
    })
  )
