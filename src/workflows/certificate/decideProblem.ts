import { fitsCodePoints } from "../../text/codePoints.ts"
import { lastLink, shortenedBeforeLink } from "../../text/links.ts"
import { numberFrom } from "../identifiers.ts"
import { nextEarlyRetry } from "./earlyRetry.ts"
import { decisiveType, type OwnProblem, type Problem } from "./problems.ts"

/** What happens to an issuance that met a problem. Times are Unix milliseconds. */
export type ProblemAction =
  /** Nothing is asked of the CA before then; afterwards the issuance goes on where it stands. */
  | { readonly _tag: "Wait"; readonly until: number }
  /** The same order again after a back-off. */
  | { readonly _tag: "Retry"; readonly until: number }
  /** This order cannot be completed: another one, not before then. */
  | { readonly _tag: "NewOrder"; readonly until: number; readonly withoutReplaces: boolean; readonly newKey: boolean }
  /** The CA does not know our account: register the key, then go on. */
  | { readonly _tag: "Register" }
  /**
   * The issuance ends and the challenge is `failed`, with a reason for people. `soon`: tried again by itself within hours.
   * Otherwise only the renewal of all certificates tries it again, after the longest back-off. Never before `notBefore`.
   */
  | {
      readonly _tag: "GiveUp"
      readonly who: "user" | "operator"
      readonly reason: string
      readonly soon: boolean
      readonly notBefore: number | null
    }

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** The longest window of Let's Encrypt's limits. A later Retry-After is taken for a mistake of the CA. */
const maxWait = 7 * day
/** About six hours of retries in all; then people should know. */
const maxRetries = 12
/** Two days of limits without a known end in all. */
const maxWaits = 8
/** An order costs nothing, but a CA counts them. */
const maxNewOrders = 3

/** Up to a tenth of the wait, at most 10 min, so that not all domains come back in the same second. */
const jitter = (problem: Problem, attempt: number, now: number, wait: number): number =>
  numberFrom([problem.type, problem.detail, String(attempt), String(now)], 0, Math.min(wait / 10, 10 * minute) | 0)

const after = (problem: Problem, attempt: number, now: number, wait: number): number =>
  now + wait + jitter(problem, attempt, now, wait)

const doubling = (first: number, attempt: number, longest: number): number =>
  Math.min(first * 2 ** Math.min(attempt, 30), longest)

type Rule = (problem: Problem, attempt: number, now: number) => ProblemAction

/** Width of `custom_domains.verification_error`, in code points. */
const maxReason = 512

/** An address in the detail stays whole; one that the column has no room for is in the log alone. */
const reasonText = (advice: string, { detail }: Problem): string => {
  const text = detail === "" ? advice : `${advice} (${detail})`
  const link = lastLink(detail)
  const isLinkLoggedOnly = link !== null && !fitsCodePoints(`${advice} ${link}`, maxReason - 2)
  return shortenedBeforeLink(
    isLinkLoggedOnly ? `${advice} The worker's log has its address. (${detail})` : text,
    maxReason
  )
}

/** Only whoever owns the domain can change this. */
const userProblem =
  (advice: string, soon: boolean): Rule =>
  (problem) => ({ _tag: "GiveUp", who: "user", reason: reasonText(advice, problem), soon, notBefore: null })

/** Only whoever runs this worker can change this. */
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

/** As long as the CA says, 1 min to 7 d; when it does not say, 15 min doubling to 1 d. */
const wait: Rule = (problem, attempt, now) => {
  if (attempt >= maxWaits)
    return userProblem("The certificate authority limits requests for this domain.", false)(problem, attempt, now)
  const known = problem.retryAfter === null ? doubling(15 * minute, attempt, day) : problem.retryAfter - now
  return { _tag: "Wait", until: after(problem, attempt, now, Math.min(Math.max(known, minute), maxWait)) }
}

/**
 * A refusal that names no end and a page for people ends when a person acts there, such as the one by which Let's Encrypt
 * pauses an account for names that keep failing. Told at once, and tried again at growing intervals.
 */
const rateLimit: Rule = (problem, attempt, now) =>
  problem.retryAfter === null && lastLink(problem.detail) !== null
    ? operatorProblem("The certificate authority refuses orders until a person acts at its page.", true)(
        problem,
        attempt,
        now
      )
    : wait(problem, attempt, now)

/** Another order after 1 min doubling to 1 h. */
const newOrder =
  (change: { readonly withoutReplaces?: boolean; readonly newKey?: boolean } = {}, first = minute): Rule =>
  (problem, attempt, now) => {
    if (attempt >= maxNewOrders)
      return operatorProblem("Orders for this domain keep failing.", true)(problem, attempt, now)
    const { newKey = false, withoutReplaces = false } = change
    const until = first === 0 ? now : after(problem, attempt, now, doubling(first, attempt, hour))
    return { _tag: "NewOrder", until, withoutReplaces, newKey }
  }

/** Once with another key; a second refusal is not the key's fault. */
const retryWithNewKey: Rule = (problem, attempt, now) =>
  attempt === 0
    ? newOrder({ newKey: true })(problem, attempt, now)
    : operatorProblem("The certificate authority refuses our signing request.", false)(problem, attempt, now)

/** Registered again; a CA that forgets us at once is not to be asked in a loop, and one that names a time is not asked before. */
const registerAccount: Rule = (problem, attempt, now) =>
  attempt < 6 && (problem.retryAfter ?? now) <= now ? { _tag: "Register" } : retry(problem, attempt, now)

const accountProblem = (advice: string): Rule => operatorProblem(`The ACME account needs a person: ${advice}.`, false)

/** RFC 8555 section 6.7 and RFC 9773 section 7.4, in the order of their registry. */
const acmeRules: Readonly<Record<string, Rule>> = {
  accountDoesNotExist: registerAccount,
  alreadyReplaced: newOrder({ withoutReplaces: true }, 0),
  alreadyRevoked: operatorProblem("The certificate authority says that the certificate is revoked.", false),
  badCSR: retryWithNewKey,
  badNonce: retry,
  badPublicKey: retryWithNewKey,
  badRevocationReason: operatorProblem("The certificate authority did not understand us.", false),
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
      : operatorProblem("The certificate authority did not understand us.", true)(problem, attempt, now),
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

/** A problem made of several is as bad as the worst: the first that ends the issuance, else the first. */
const worstOf = (problem: Problem, attempt: number, now: number): Problem => {
  if (problem.subproblems.length === 0) return problem
  const parts = problem.subproblems.map((part) => ({ ...problem, ...part, subproblems: [] }))
  const endsIt = (part: Problem) => ruleOf(part.type)(part, attempt, now)._tag === "GiveUp"
  return problem.type === "compound" ? (parts.find(endsIt) ?? parts[0] ?? problem) : problem
}

/** A proof that failed early, before caches have forgotten that the domain was not served, is tried again with another order. */
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

/** Whatever the action: nothing is asked of the CA before its Retry-After. */
const notBefore = (action: ProblemAction, { retryAfter }: Problem, now: number): ProblemAction => {
  if (retryAfter === null || retryAfter <= now || action._tag === "Register") return action
  const asked = Math.min(retryAfter, now + maxWait)
  return action._tag === "GiveUp"
    ? { ...action, notBefore: asked }
    : { ...action, until: Math.max(action.until, asked) }
}

/**
 * What to do about a problem. `attempt` is the number of problems this issuance met before; `begunAt` is when the first
 * issuance of a domain began that has not failed since, null for any other. Pure, and the only place that knows what a
 * problem means: waits for the CA, gives up with a reason, or goes on.
 */
export const decideProblem = (
  problem: Problem,
  attempt: number,
  now: number,
  begunAt: number | null = null
): ProblemAction => {
  const worst = worstOf({ ...problem, type: decisiveType(problem) }, attempt, now)
  // An order that the CA no longer has is answered with `malformed` and 404.
  const rule = worst.type === "malformed" && worst.status === 404 ? newOrder() : ruleOf(worst.type)
  return notBefore(withEarlyRetry(rule(worst, attempt, now), worst, begunAt, now), worst, now)
}
