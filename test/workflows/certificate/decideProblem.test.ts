import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { problemLabel } from "../../../src/layers/PrometheusCertificateMetrics.ts"
import { decideProblem, type ProblemAction, rules } from "../../../src/workflows/certificate/decideProblem.ts"
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

  it("whatever keeps happening ends within twelve problems", () => {
    for (const type of Object.keys(rules)) {
      const action = decideProblem(problemOf(type), 12, now)
      assert.isTrue(action._tag === "GiveUp", type)
    }
  })
})
