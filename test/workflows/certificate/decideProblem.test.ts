import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { problemLabel } from "../../../src/layers/metrics/problemLabel.ts"
import { decideProblem, type ProblemAction, rules } from "../../../src/workflows/certificate/decide/decideProblem.ts"
import type { Problem } from "../../../src/workflows/certificate/problems.ts"

const now = Date.UTC(2030, 0, 1)
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const problemOf = (type: string, more: Partial<Problem> = {}): Problem => ({
  type,
  status: 400,
  detail: "what the CA said",
  subproblems: [],
  retryAfter: null,
  ...more
})

const summary = (action: ProblemAction): string => {
  switch (action._tag) {
    case "GiveUp":
      return `${action.who}${action.soon ? " soon" : ""}`
    case "NewOrder":
      return `new order${action.withoutReplaces ? " without replaces" : ""}${action.newKey ? " with another key" : ""}`
    default:
      return action._tag
  }
}

/** What the first problem of each type leads to. */
const table: Readonly<Record<string, string>> = {
  accountDoesNotExist: "Register",
  alreadyReplaced: "new order without replaces",
  alreadyRevoked: "operator",
  badCSR: "new order with another key",
  badNonce: "Retry",
  badPublicKey: "new order with another key",
  badRevocationReason: "operator",
  badSignatureAlgorithm: "operator",
  caa: "user soon",
  connection: "user soon",
  dns: "user soon",
  externalAccountRequired: "operator",
  incorrectResponse: "user soon",
  invalidContact: "operator",
  malformed: "Retry",
  orderNotReady: "Retry",
  paused: "user",
  rateLimited: "Wait",
  rejectedIdentifier: "user",
  serverInternal: "Retry",
  tls: "user soon",
  unauthorized: "user soon",
  unsupportedContact: "operator",
  unsupportedIdentifier: "user",
  userActionRequired: "operator",
  unavailable: "Retry",
  orderGone: "new order",
  slow: "Retry",
  noRoute: "Retry",
  noChallenge: "operator",
  notDelegated: "user soon",
  noDelegationDomain: "operator soon",
  dnsSilent: "Retry",
  propagation: "Retry",
  dnsProvider: "Retry",
  dnsRefused: "operator soon",
  notStored: "Retry",
  keyUnreadable: "operator soon",
  badCertificate: "operator soon",
  reissueGuard: "Wait"
}

describe("what a problem leads to", () => {
  for (const [type, expected] of Object.entries(table))
    it(`${type}: ${expected}`, () => assert.strictEqual(summary(decideProblem(problemOf(type), 0, now)), expected))

  it("every rule stands in this table, and every type has a label of its own in the metrics", () => {
    assert.sameMembers(Object.keys(rules), Object.keys(table))
    for (const type of Object.keys(rules)) assert.strictEqual(problemLabel(type), type)
    assert.strictEqual(problemLabel("constructor"), "other")
  })

  it("an unknown type is judged by its status", () => {
    const unknown = (status: number) => summary(decideProblem(problemOf("toString", { status }), 0, now))
    assert.deepStrictEqual([404, 429, 500, 503, 403].map(unknown), [
      "new order",
      "Wait",
      "Retry",
      "Retry",
      "operator soon"
    ])
  })

  it("an order that the CA no longer has is ordered anew", () => {
    assert.strictEqual(summary(decideProblem(problemOf("malformed", { status: 404 }), 0, now)), "new order")
  })

  it("a problem made of several is as bad as the one that ends the issuance", () => {
    const compound = problemOf("compound", {
      subproblems: [
        { type: "serverInternal", detail: "a" },
        { type: "caa", detail: "forbidden by a.test" }
      ]
    })
    const action = decideProblem(compound, 0, now)
    assert.isTrue(action._tag === "GiveUp" && action.reason.includes("forbidden by a.test"))
  })

  it("a person is told what to do and what the CA said, in what fits a column", () => {
    const action = decideProblem(problemOf("caa", { detail: "x".repeat(500) }), 0, now)
    assert.isTrue(action._tag === "GiveUp" && action.reason.startsWith("A CAA record forbids"))
    assert.isTrue(action._tag === "GiveUp" && action.reason.length <= 512)
  })
})

describe("an answer of the CA that fails", () => {
  it("is an outage of minutes, whatever type comes with a status of 500 and above", () => {
    const busy = problemOf("rateLimited", { status: 503, detail: "service busy", retryAfter: now + minute })
    const action = decideProblem(busy, 0, now)
    assert.isTrue(action._tag === "Retry" && action.until >= now + minute && action.until <= now + 2 * minute)
    for (const type of Object.keys(rules))
      for (const status of [500, 502, 503])
        assert.strictEqual(summary(decideProblem(problemOf(type, { status }), 0, now)), "Retry", type)
  })
})

const unpause = `https://portal.ca.test/sfe/v1/unpause?jwt=${"e30.Zm9v".repeat(40)}`

describe("a refusal that only a person can end", () => {
  const paused = problemOf("rateLimited", {
    status: 429,
    detail: `Your account is temporarily prevented from requesting certificates for shop.example.com and possibly others. Please visit: ${unpause}`
  })

  it("is told to the operator at once, with the whole address, and tried again by itself", () => {
    const action = decideProblem(paused, 0, now)
    assert.strictEqual(summary(action), "operator soon")
    assert.isTrue(action._tag === "GiveUp" && action.reason.includes(unpause) && action.reason.length <= 512)
  })

  it("is not one while the CA names the time of its end", () => {
    assert.strictEqual(summary(decideProblem({ ...paused, retryAfter: now + day }, 0, now)), "Wait")
    assert.strictEqual(summary(decideProblem(problemOf("rateLimited", { status: 429 }), 0, now)), "Wait")
  })

  it("says that the log has the address where the column has no room for it", () => {
    const action = decideProblem({ ...paused, detail: `Please visit ${unpause.repeat(2)}` }, 0, now)
    assert.isTrue(action._tag === "GiveUp" && action.reason.includes("The worker's log has its address"))
    assert.isTrue(action._tag === "GiveUp" && action.reason.length <= 512)
  })

  it("keeps the address of new terms of service whole", () => {
    const terms = problemOf("userActionRequired", { status: 403, detail: `${"x".repeat(480)} ${unpause}` })
    const action = decideProblem(terms, 0, now)
    assert.isTrue(action._tag === "GiveUp" && action.who === "operator" && action.reason.endsWith(unpause))
  })
})

describe("a proof of a new domain that fails", () => {
  const failed = (type: string, elapsed: number, more: Partial<Problem> = {}) =>
    decideProblem(problemOf(type, { status: 0, ...more }), 0, now + elapsed, now)

  it("is tried again after 1, 3 and 7 minutes, while caches may not know the domain yet, and then in an hour", () => {
    for (const type of ["unauthorized", "connection", "incorrectResponse", "tls"]) {
      const untils = [0, 5_000, minute, 3 * minute + 1, 6 * minute].map((elapsed) => untilOf(failed(type, elapsed)))
      assert.deepStrictEqual(
        untils,
        [1, 1, 3, 7, 7].map((minutes) => now + minutes * minute)
      )
      assert.strictEqual(summary(failed(type, 0)), "new order")
      assert.strictEqual(summary(failed(type, 7 * minute)), "user soon")
    }
  })

  it("never fails five times within the hour for which Let's Encrypt counts", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60_000 }), { minLength: 12, maxLength: 12 }), (durations) => {
        let at = now
        let failures = 0
        for (const took of durations) {
          at += took
          failures++
          const action = decideProblem(problemOf("unauthorized", { status: 0 }), failures - 1, at, now)
          if (action._tag === "GiveUp") break
          at = untilOf(action) ?? at
        }
        assert.isAtMost(failures, 4)
      })
    )
  })

  it("is given up at once for another reason, when the CA refuses a request, and for a domain that failed before", () => {
    assert.strictEqual(summary(failed("caa", 0)), "user soon")
    assert.strictEqual(summary(failed("unauthorized", 0, { status: 403 })), "user soon")
    assert.strictEqual(summary(decideProblem(problemOf("unauthorized", { status: 0 }), 0, now, null)), "user soon")
  })
})

const untilOf = (action: ProblemAction): number | undefined => ("until" in action ? action.until : undefined)

describe("the waits", () => {
  it("a rate limit is waited for to its end, in seconds or in days, and never longer than a week and ten minutes", () => {
    fc.assert(
      fc.property(fc.integer({ min: -day, max: 400 * day }), fc.nat({ max: 7 }), (ahead, attempt) => {
        const until = untilOf(decideProblem(problemOf("rateLimited", { retryAfter: now + ahead }), attempt, now)) ?? 0
        assert.isAtLeast(until, now + Math.min(Math.max(ahead, minute), 7 * day))
        assert.isAtMost(until, now + Math.min(Math.max(ahead, minute), 7 * day) + 10 * minute)
      })
    )
  })

  it("without a known end they grow from 15 min to a day, and end after eight", () => {
    const untils = [0, 1, 2, 3, 4, 5, 6, 7].map(
      (attempt) => untilOf(decideProblem(problemOf("rateLimited"), attempt, now)) ?? 0
    )
    assert.isAtLeast(untils[0] ?? 0, now + 15 * minute)
    assert.isAtLeast(untils[7] ?? 0, now + day)
    assert.strictEqual(summary(decideProblem(problemOf("rateLimited"), 8, now)), "user")
  })

  it("retries never come before the CA's Retry-After, grow to an hour, and end", () => {
    fc.assert(
      fc.property(fc.nat({ max: 11 }), fc.nat({ max: day }), (attempt, ahead) => {
        const plain = untilOf(decideProblem(problemOf("serverInternal"), attempt, now)) ?? 0
        const asked =
          untilOf(decideProblem(problemOf("serverInternal", { retryAfter: now + ahead }), attempt, now)) ?? 0
        assert.isAtLeast(plain, now + Math.min(30_000 * 2 ** attempt, hour))
        assert.isAtMost(plain, now + Math.min(30_000 * 2 ** attempt, hour) * 1.1)
        assert.isAtLeast(asked, now + ahead)
      })
    )
    assert.strictEqual(summary(decideProblem(problemOf("serverInternal"), 12, now)), "operator soon")
  })

  it("nothing is asked before the CA's Retry-After, whatever the problem is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(rules), "about:blank"),
        fc.constantFrom(0, 400, 403, 404, 429, 500, 503),
        fc.nat({ max: 12 }),
        fc.integer({ min: 1, max: 7 * day }),
        (type, status, attempt, ahead) => {
          const retryAfter = now + ahead
          const action = decideProblem(problemOf(type, { status, retryAfter }), attempt, now, now)
          assert.notStrictEqual(action._tag, "Register")
          const asked = action._tag === "GiveUp" ? action.notBefore : untilOf(action)
          assert.isAtLeast(asked ?? 0, retryAfter)
        }
      )
    )
  })

  it("whatever keeps happening ends within twelve problems", () => {
    for (const type of Object.keys(rules)) {
      const action = decideProblem(problemOf(type), 12, now)
      assert.isTrue(action._tag === "GiveUp", type)
    }
  })
})
