import { Clock, Effect, Option, Schema } from "effect"
import { key, saga, send, step, uuid, withUndo } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import { NotFound } from "../../contract/errors.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { CertificateMetrics } from "../../services/CertificateMetrics.ts"
import { CertificateStore } from "../../services/CertificateStore.ts"
import { isOfPlatform } from "../challenge/recordOf.ts"
import { databaseStep } from "../databaseStep.ts"
import { registerAgain } from "./account.ts"
import { maxOwnRetries, nextTryAt } from "./attempts.ts"
import { authorize } from "./authorize.ts"
import { collect } from "./collect.ts"
import { decideProblem, type ProblemAction } from "./decideProblem.ts"
import { removeRecord } from "./dnsRecord.ts"
import { type DomainView, failuresCell, type Issuance, issuanceCell, renewalCell, save } from "./issuance.ts"
import { ensureKey, ensureOrder, finalize, type Ordered } from "./order.ts"
import { decisiveType, IssuanceBlocked, type Problem, problem } from "./problems.ts"
import { requireRecord } from "./requireRecord.ts"
import { makeWaitBudget, type WaitBudget } from "./waitBudget.ts"

const answer = (status: "success" | "failed" | "pending", certificateId = "") => ({ certificateId, status })
export const pending = answer("pending")
export const failed = answer("failed")
export const success = (certificateId: string) => answer("success", certificateId)

/** One order, from the key to the stored certificate. Every line picks up where an earlier invocation left it. */
const obtainCertificate = (domain: DomainView, begun: Issuance, patience: WaitBudget) =>
  Effect.gen(function* () {
    yield* requireRoute(domain)
    yield* requireRecord(domain, begun, patience)
    const keyed = yield* ensureKey(domain, begun)
    const ordered = yield* ensureOrder(domain, keyed)
    const proven = yield* proveNames(domain, ordered, patience)
    const issued = yield* finalize(domain, proven, patience)
    const certificateId = yield* collect(domain, issued)
    return yield* completeIssuance(certificateId)
  })

/**
 * A customer's domain is served, or has no certificate: the CA asks through frontline, which refuses names without a route and
 * remembers for minutes that it did, and a domain whose owner proves it no longer has lost its route.
 */
const requireRoute = (domain: DomainView) =>
  domain.hasRoute || isOfPlatform(domain)
    ? Effect.void
    : new IssuanceBlocked({ problem: problem("noRoute", `${domain.name} has no route`) })

const proveNames = (domain: DomainView, { issuance, order }: Ordered, patience: WaitBudget) =>
  Effect.gen(function* () {
    if (order.status !== "pending") return { issuance, order } satisfies Ordered
    const proven = yield* authorize(domain, issuance, order.authorizations, patience)
    return { issuance: proven, order } satisfies Ordered
  })

/** The issuance as the object's state has it: whatever interrupted it, this is where it stands. */
const currentIssuance = Effect.flatMap(
  issuanceCell.get,
  Option.match({
    onNone: () => Effect.dieMessage("an issuance under way is in the object's state"),
    onSome: Effect.succeed
  })
)

/** Takes our DNS value away and forgets the issuance. */
export const clearIssuance = Effect.gen(function* () {
  const standing = yield* issuanceCell.get
  if (Option.isSome(standing)) yield* removeRecord(standing.value)
  yield* issuanceCell.clear
})

const completeIssuance = (certificateId: string) =>
  Effect.gen(function* () {
    yield* clearIssuance
    yield* failuresCell.clear
    yield* renewalCell.clear
    return success(certificateId)
  })

/** The domain's rows are gone: there is nobody to tell, and nothing of ours may stay behind. */
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

/** Lets go of the domain's key until then. */
export const postpone = (name: DomainName, issuance: Issuance, until: number) =>
  Effect.gen(function* () {
    const nonce = yield* uuid
    yield* save(issuance, { nonce, resumeAt: until })
    yield* continueAt(name, nonce, until)
    return pending
  })

/** A new start with the same key, which nothing was issued for, or with another one. */
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
    const metrics = yield* CertificateMetrics
    const at = yield* Clock.currentTimeMillis
    const write = store.markFailed({ domainId: domain.id, reason, at })
    yield* databaseStep("mark-failed", Effect.zipRight(write, metrics.issuance(issuance.kind, "failed")))
    return at
  })

/** The challenge says that it failed, and why; the next try is hours away, by itself or with all others. */
const giveUp = (domain: DomainView, issuance: Issuance, action: GiveUp, { detail }: Problem) =>
  Effect.gen(function* () {
    const { notBefore, reason, soon, who } = action
    yield* Effect.logWarning("A certificate cannot be obtained", { domain: domain.name, who, reason, detail })
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

/** `replaces` is a courtesy to the CA: an order that is refused with it is made without it before anybody gives up. */
const retryWithoutReplaces = (action: ProblemAction, issuance: Issuance, now: number): ProblemAction =>
  action._tag === "GiveUp" && issuance.orderUrl === null && issuance.replaces !== null
    ? { _tag: "NewOrder", until: action.notBefore ?? now, withoutReplaces: true, newKey: false }
    : action

/** Counts the problem once, however often this is replayed, and answers with the time. */
const countProblem = (met: Problem) =>
  step(
    "note-problem",
    Effect.flatMap(CertificateMetrics, (metrics) =>
      Effect.zipRight(metrics.problem(decisiveType(met)), Clock.currentTimeMillis)
    ),
    { output: Schema.Number }
  )

/** When the first issuance of a domain began, as long as none has failed: its caller may be seconds after the verification. */
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

/** Does what the problem asks for. A registration that meets a problem of its own is decided the same way, one attempt later. */
const resolveProblem = (domain: DomainView, met: Problem): Resolved =>
  Effect.catchTag(applyDecision(domain, met), "Hindered", (again) =>
    Effect.gen(function* () {
      const issuance = yield* currentIssuance
      yield* save(issuance, { attempts: issuance.attempts + 1 })
      return yield* resolveProblem(domain, again.problem)
    })
  )

/**
 * Goes on with an issuance until it is stored, given up or has to wait longer than a minute. Problems become what
 * `decideProblem` says. A cancellation takes our DNS value away; the rest stays for whoever asks next.
 */
export const issue = (domain: DomainView, begun: Issuance) =>
  saga(
    Effect.gen(function* () {
      yield* withUndo(Effect.void, () =>
        Effect.flatMap(issuanceCell.get, Option.match({ onNone: () => Effect.void, onSome: removeRecord })).pipe(
          Effect.catchTag("EncodingFailed", ({ message }) =>
            Effect.logError("An issuance's DNS record may be left behind", { domain: domain.name, problem: message })
          )
        )
      )
      const patience = makeWaitBudget()
      let outcome: IssuanceProgress = continueWith(begun)
      while (outcome._tag === "GoOn") {
        outcome = yield* obtainCertificate(domain, outcome.issuance, patience).pipe(
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
