import { fitsCodePoints } from "../../../text/codePoints.ts"
import { lastLink, shortenedBeforeLink } from "../../../text/links.ts"
import { day, hour, minute } from "../../../text/millis.ts"
import { numberFrom } from "../../identifiers.ts"
import { decisiveType, type OwnProblem, type Problem } from "../problems.ts"
import { nextEarlyRetry } from "./earlyRetry.ts"

/** What happens to an issuance that met a problem. Times are Unix milliseconds. */
export type ProblemAction =
  /** No request to the CA before then; afterwards the issuance continues with the same order. */
  | { readonly _tag: "Wait"; readonly until: number }
  /** Retry the same order after a back-off. */
  | { readonly _tag: "Retry"; readonly until: number }
  /** This order cannot be completed: create another one, not before then. */
  | { readonly _tag: "NewOrder"; readonly until: number; readonly withoutReplaces: boolean; readonly newKey: boolean }
  /** The CA does not know our account: register the key, then continue. */
  | { readonly _tag: "Register" }
  /**
   * The issuance ends and the challenge becomes `failed`, with a reason for the user. `soon`: retried automatically
   * within hours; otherwise only the daily renewal retries it, after the longest back-off. Never before `notBefore`.
   */
  | {
      readonly _tag: "GiveUp"
      readonly who: "user" | "operator"
      readonly reason: string
      readonly soon: boolean
      readonly notBefore: number | null
    }

/** The longest window of Let's Encrypt's rate limits. A longer Retry-After is treated as an error of the CA. */
const maxWait = 7 * day
/** About six hours of retries in all, then the issuance fails visibly. */
const maxRetries = 12
/** About two days in all, for limits without a known end. */
const maxWaits = 8
/** CAs limit the number of new orders. */
const maxNewOrders = 3

/** Jitter: up to a tenth of the wait, at most 10 min, so that domains do not retry in the same second. */
const jitter = (problem: Problem, attempt: number, now: number, wait: number): number =>
  numberFrom([problem.type, problem.detail, String(attempt), String(now)], 0, Math.min(wait / 10, 10 * minute) | 0)

const after = (problem: Problem, attempt: number, now: number, wait: number): number =>
  now + wait + jitter(problem, attempt, now, wait)

const doubling = (first: number, attempt: number, longest: number): number =>
  Math.min(first * 2 ** Math.min(attempt, 30), longest)

type Rule = (problem: Problem, attempt: number, now: number) => ProblemAction

/** Width of `custom_domains.verification_error`, in code points. */
const maxReason = 512

/** Keeps a URL in the detail whole; a URL that does not fit the column is in the log only. */
const reasonText = (advice: string, { detail }: Problem): string => {
  const text = detail === "" ? advice : `${advice} (${detail})`
  const link = lastLink(detail)
  const isLinkLoggedOnly = link !== null && !fitsCodePoints(`${advice} ${link}`, maxReason - 2)
  return shortenedBeforeLink(
    isLinkLoggedOnly ? `${advice} The worker's log has its address. (${detail})` : text,
    maxReason
  )
}

/** Only the domain's owner can correct this. */
const userProblem =
  (advice: string, soon: boolean): Rule =>
  (problem) => ({ _tag: "GiveUp", who: "user", reason: reasonText(advice, problem), soon, notBefore: null })

/** Only the operator of this worker can correct this. */
const operatorProblem =
  (advice: string, soon: boolean): Rule =>
  (problem) => ({ _tag: "GiveUp", who: "operator", reason: reasonText(advice, problem), soon, notBefore: null })

/** 30 s doubling to 1 h, never before the CA's Retry-After. */
const retry: Rule = (problem, attempt, now) => {
  if (attempt >= maxRetries)
    return operatorProblem("Certificate authority or provider keep failing.", true)(problem, attempt, now)
  const asked = Math.min(Math.max(0, (problem.retryAfter ?? 0) - now), maxWait)
  return { _tag: "Retry", until: after(problem, attempt, now, Math.max(doubling(30_000, attempt, hour), asked)) }
}

/** The CA's Retry-After, from 1 min to 7 d; without one, 15 min doubling to 1 d. */
const wait: Rule = (problem, attempt, now) => {
  if (attempt >= maxWaits)
    return userProblem("The certificate authority limits requests for this domain.", false)(problem, attempt, now)
  const known = problem.retryAfter === null ? doubling(15 * minute, attempt, day) : problem.retryAfter - now
  return { _tag: "Wait", until: after(problem, attempt, now, Math.min(Math.max(known, minute), maxWait)) }
}

/**
 * A rate limit without Retry-After whose detail links a page ends when the operator acts there; Let's Encrypt pauses an
 * account in this way for names that keep failing. Reported at once, and retried at growing intervals.
 */
const rateLimit: Rule = (problem, attempt, now) =>
  problem.retryAfter === null && lastLink(problem.detail) !== null
    ? operatorProblem("The certificate authority refuses orders until an operator acts on its page.", true)(
        problem,
        attempt,
        now
      )
    : wait(problem, attempt, now)

/** Another order, after 1 min doubling to 1 h. */
const newOrder =
  (change: { readonly withoutReplaces?: boolean; readonly newKey?: boolean } = {}, first = minute): Rule =>
  (problem, attempt, now) => {
    if (attempt >= maxNewOrders)
      return operatorProblem("Orders for this domain keep failing.", true)(problem, attempt, now)
    const { newKey = false, withoutReplaces = false } = change
    const until = first === 0 ? now : after(problem, attempt, now, doubling(first, attempt, hour))
    return { _tag: "NewOrder", until, withoutReplaces, newKey }
  }

/** Retries once with a new key; after a second refusal the key is not the cause. */
const retryWithNewKey: Rule = (problem, attempt, now) =>
  attempt === 0
    ? newOrder({ newKey: true })(problem, attempt, now)
    : operatorProblem("The certificate authority refuses our signing request.", false)(problem, attempt, now)

/**
 * Registers again, at most six times without a wait and never before a Retry-After, so that a CA that keeps losing the
 * account is not called in a loop.
 */
const registerAccount: Rule = (problem, attempt, now) =>
  attempt < 6 && (problem.retryAfter ?? now) <= now ? { _tag: "Register" } : retry(problem, attempt, now)

const accountProblem = (advice: string): Rule =>
  operatorProblem(`The ACME account needs an operator: ${advice}.`, false)

/** The error types of RFC 8555 section 6.7 and RFC 9773 section 7.4, in the order of the IANA registry. */
const acmeRules: Readonly<Record<string, Rule>> = {
  accountDoesNotExist: registerAccount,
  alreadyReplaced: newOrder({ withoutReplaces: true }, 0),
  alreadyRevoked: operatorProblem("The certificate authority says that the certificate is revoked.", false),
  badCSR: retryWithNewKey,
  badNonce: retry,
  badPublicKey: retryWithNewKey,
  badRevocationReason: operatorProblem("The certificate authority rejected the request as malformed.", false),
  badSignatureAlgorithm: operatorProblem("The certificate authority does not accept the account's key.", false),
  caa: userProblem("A CAA record forbids this certificate authority: allow it in the domain's DNS.", true),
  connection: userProblem("The certificate authority cannot connect to the domain: check where its DNS points.", true),
  dns: userProblem("The domain's DNS does not answer the certificate authority: check its records and DNSSEC.", true),
  externalAccountRequired: accountProblem("the certificate authority wants an external account binding"),
  incorrectResponse: userProblem(
    "The certificate authority found another answer at the domain: check where its DNS points.",
    true
  ),
  invalidContact: accountProblem("its contact address is not accepted"),
  malformed: (problem, attempt, now) =>
    attempt === 0
      ? retry(problem, attempt, now)
      : operatorProblem("The certificate authority rejected the request as malformed.", true)(problem, attempt, now),
  orderNotReady: retry,
  paused: userProblem("The certificate authority has paused this domain after many failures: ask it to resume.", false),
  rateLimited: rateLimit,
  rejectedIdentifier: userProblem("The certificate authority issues no certificate for this name.", false),
  serverInternal: retry,
  tls: userProblem("The certificate authority cannot set up TLS with the domain: check where its DNS points.", true),
  unauthorized: userProblem(
    "The certificate authority got a wrong answer from the domain: check where its DNS points.",
    true
  ),
  unsupportedContact: accountProblem("its kind of contact is not accepted"),
  unsupportedIdentifier: userProblem("The certificate authority issues no certificate for this kind of name.", false),
  userActionRequired: accountProblem("its terms have to be accepted")
}

const ownRules: { readonly [P in OwnProblem]: Rule } = {
  unavailable: retry,
  orderGone: newOrder(),
  slow: retry,
  noRoute: (problem, attempt, now) =>
    attempt < 4
      ? retry(problem, attempt, now)
      : operatorProblem("The domain has no route.", true)(problem, attempt, now),
  noChallenge: operatorProblem("The certificate authority offers no challenge that we can answer.", false),
  notDelegated: userProblem("The challenge of a wildcard domain has to be delegated to the platform.", true),
  noDelegationDomain: operatorProblem("The certificate of a wildcard domain cannot be proven.", true),
  dnsSilent: (problem, attempt, now) =>
    attempt < maxRetries
      ? retry(problem, attempt, now)
      : userProblem("DNS did not answer: check the name servers of the domain.", true)(problem, attempt, now),
  propagation: (problem, attempt, now) =>
    attempt < 2
      ? retry(problem, attempt, now)
      : userProblem("The DNS record does not appear on every name server.", true)(problem, attempt, now),
  dnsProvider: retry,
  dnsRefused: operatorProblem("The DNS record cannot be written.", true),
  notStored: retry,
  keyUnreadable: operatorProblem(
    "A stored key cannot be decrypted: check that the vault is the one it was encrypted with, and the row the one it was written to.",
    true
  ),
  badCertificate: operatorProblem("The certificate authority gave a certificate that is not what was ordered.", true),
  reissueGuard: wait
}

export const rules: Readonly<Record<string, Rule>> = { ...acmeRules, ...ownRules }

const unknown: Rule = (problem, attempt, now) => {
  if (problem.status === 404) return newOrder()(problem, attempt, now)
  if (problem.status === 429) return wait(problem, attempt, now)
  return operatorProblem(`The certificate authority reports ${problem.type}.`, true)(problem, attempt, now)
}

const ruleOf = (type: string): Rule => (Object.hasOwn(rules, type) ? (rules[type] ?? unknown) : unknown)

/** The subproblem that decides a compound problem: the first that ends the issuance, else the first. */
const worstOf = (problem: Problem, attempt: number, now: number): Problem => {
  if (problem.subproblems.length === 0) return problem
  const parts = problem.subproblems.map((part) => ({ ...problem, ...part, subproblems: [] }))
  const endsIt = (part: Problem) => ruleOf(part.type)(part, attempt, now)._tag === "GiveUp"
  return problem.type === "compound" ? (parts.find(endsIt) ?? parts[0] ?? problem) : problem
}

/** Retries an early validation failure with another order: caches may still hold that the domain was not served. */
const withEarlyRetry = (
  action: ProblemAction,
  problem: Problem,
  begunAt: number | null,
  now: number
): ProblemAction => {
  const at = begunAt === null ? null : nextEarlyRetry(problem, begunAt, now)
  return at === null || action._tag !== "GiveUp"
    ? action
    : { _tag: "NewOrder", until: at, withoutReplaces: false, newKey: false }
}

/** Delays every action to the CA's Retry-After. */
const notBefore = (action: ProblemAction, { retryAfter }: Problem, now: number): ProblemAction => {
  if (retryAfter === null || retryAfter <= now || action._tag === "Register") return action
  const asked = Math.min(retryAfter, now + maxWait)
  return action._tag === "GiveUp"
    ? { ...action, notBefore: asked }
    : { ...action, until: Math.max(action.until, asked) }
}

/**
 * What to do about a problem. `attempt`: the number of earlier problems of this issuance. `begunAt`: when a domain's
 * first issuance began that has not failed since, null for any other. Pure, and the only place that interprets
 * problems.
 */
export const decideProblem = (
  problem: Problem,
  attempt: number,
  now: number,
  begunAt: number | null = null
): ProblemAction => {
  const worst = worstOf({ ...problem, type: decisiveType(problem) }, attempt, now)
  // CAs answer `malformed` with 404 for an order that they no longer have.
  const rule = worst.type === "malformed" && worst.status === 404 ? newOrder() : ruleOf(worst.type)
  return notBefore(withEarlyRetry(rule(worst, attempt, now), worst, begunAt, now), worst, now)
}
