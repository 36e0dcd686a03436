import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type AcmeOperation, AcmeProblem, AcmeUnavailable } from "../../../src/services/certificate/Acme.ts"
import { seedCertified, seedVerifiedDomain } from "../../support/memory/certificateSeeds.ts"
import { type CaRequest, MemoryCa } from "../../support/memory/MemoryCa.ts"
import { named } from "../../support/named.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import {
  Counted,
  certificateRow,
  challengeRow,
  onCertificates,
  processChallenge,
  settled,
  startOfTime
} from "../../support/workflows/certificates.ts"
import { rows } from "../../support/workflows/queries.ts"

const host = named("shop.example.com")
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const refuse =
  (operation: AcmeOperation, type: string, status: number, until: number, retryAfter: number | null = null) =>
  (request: CaRequest) =>
    request.operation === operation && request.at < startOfTime + until
      ? new AcmeProblem({ operation, type, status, detail: "as scripted", subproblems: [], retryAfter })
      : undefined

const answered = (domain: string) =>
  Effect.map(processChallenge(domain), (answer) => (answer._tag === "Right" ? answer.right.status : "refused"))

interface Case {
  readonly problem: string
  readonly operation: AcmeOperation
  readonly status: number
  readonly answer: "pending" | "failed" | "success"
  /** Most requests of that operation in the hour in which it is refused. */
  readonly budget: number
  /** Words that a person reads at the domain. */
  readonly advice?: string
  /** Whether it ends well by itself once the CA accepts. Default true. */
  readonly recovers?: boolean
}

const cases: ReadonlyArray<Case> = [
  { problem: "serverInternal", operation: "new-order", status: 500, answer: "pending", budget: 9 },
  { problem: "badNonce", operation: "new-order", status: 400, answer: "pending", budget: 9 },
  { problem: "malformed", operation: "new-order", status: 400, answer: "pending", budget: 2 },
  { problem: "caa", operation: "finalize", status: 403, answer: "failed", budget: 1, advice: "CAA" },
  { problem: "dns", operation: "finalize", status: 400, answer: "failed", budget: 1, advice: "DNSSEC" },
  { problem: "connection", operation: "finalize", status: 400, answer: "failed", budget: 1, advice: "cannot connect" },
  { problem: "unauthorized", operation: "finalize", status: 403, answer: "failed", budget: 1, advice: "wrong answer" },
  {
    problem: "incorrectResponse",
    operation: "finalize",
    status: 400,
    answer: "failed",
    budget: 1,
    advice: "another answer"
  },
  { problem: "badCSR", operation: "finalize", status: 400, answer: "pending", budget: 2, recovers: false },
  { problem: "badPublicKey", operation: "finalize", status: 400, answer: "pending", budget: 2, recovers: false },
  { problem: "rejectedIdentifier", operation: "new-order", status: 400, answer: "failed", budget: 1, recovers: false },
  {
    problem: "unsupportedIdentifier",
    operation: "new-order",
    status: 400,
    answer: "failed",
    budget: 1,
    recovers: false
  },
  {
    problem: "paused",
    operation: "new-order",
    status: 429,
    answer: "failed",
    budget: 1,
    advice: "paused",
    recovers: false
  },
  {
    problem: "externalAccountRequired",
    operation: "new-account",
    status: 403,
    answer: "failed",
    budget: 1,
    recovers: false
  },
  { problem: "userActionRequired", operation: "new-order", status: 403, answer: "failed", budget: 1, recovers: false },
  {
    problem: "badSignatureAlgorithm",
    operation: "new-account",
    status: 400,
    answer: "failed",
    budget: 1,
    recovers: false
  },
  { problem: "accountDoesNotExist", operation: "new-order", status: 400, answer: "pending", budget: 13 },
  { problem: "orderNotReady", operation: "finalize", status: 403, answer: "pending", budget: 9 }
]

describe("a problem that lasts an hour", () => {
  for (const { advice = "", answer, budget, operation, problem, recovers = true, status } of cases)
    it.effect(`${problem} at ${operation}: ${answer}, at most ${budget} requests`, () =>
      Effect.gen(function* () {
        const { requests } = yield* MemoryCa
        const { engine } = yield* ControlPlane
        yield* seedVerifiedDomain(host)
        assert.strictEqual(yield* answered(host), answer)
        if (answer === "failed") {
          assert.include((yield* rows).custom_domains[0]?.verification_error ?? "", advice)
          assert.deepInclude(yield* challengeRow(host), { status: "failed" })
        }
        yield* engine.advance(startOfTime + hour - 1 - engine.time.now)
        assert.isAtMost(requests.filter((request) => request.operation === operation).length, budget)
        assert.include(yield* Counted, `problem ${problem}`)
        const { finalized } = yield* settled
        assert.deepStrictEqual(finalized, recovers ? { [host]: 1 } : {})
        assert.strictEqual((yield* challengeRow(host))?.status, recovers ? "verified" : "failed")
      }).pipe(onCertificates({ ca: { refuse: refuse(operation, problem, status, hour) } }))
    )
})

describe("a rate limit", () => {
  const limits = { "1 s": 1000, "2 h": 2 * hour, "6 d": 6 * day }
  for (const [name, millis] of Object.entries(limits))
    it.effect(`[W14] of ${name} is waited for without a single request, holding no key, and then ends well`, () =>
      Effect.gen(function* () {
        const { requests } = yield* MemoryCa
        const { engine } = yield* ControlPlane
        yield* seedVerifiedDomain(host)
        assert.strictEqual(yield* answered(host), "pending")
        const asked = requests.length
        assert.strictEqual(requests.filter(({ operation }) => operation === "new-order").length, 1)
        // A caller that asks meanwhile is told to wait, at once.
        assert.strictEqual(yield* answered(host), "pending")
        yield* engine.advance(startOfTime + millis - 1 - engine.time.now)
        assert.strictEqual(requests.length, asked)
        const { finalized, orders } = yield* settled
        assert.deepStrictEqual([orders, finalized], [{ [host]: 1 }, { [host]: 1 }])
        assert.deepInclude(yield* challengeRow(host), { status: "verified" })
        assert.isTrue(requests.every(({ at }) => at === startOfTime || at >= startOfTime + millis))
      }).pipe(onCertificates({ ca: { refuse: refuse("new-order", "rateLimited", 429, millis, startOfTime + millis) } }))
    )

  it.effect("[W15] without a known end is asked after at growing intervals", () =>
    Effect.gen(function* () {
      const { requests } = yield* MemoryCa
      yield* seedVerifiedDomain(host)
      assert.strictEqual(yield* answered(host), "pending")
      yield* (yield* ControlPlane).engine.advance("1 day")
      const asked = requests.filter(({ operation }) => operation === "new-order").map(({ at }) => at)
      assert.isAtMost(asked.length, 8)
      const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0))
      for (const [index, gap] of gaps.slice(1).entries()) assert.isAbove(gap, gaps[index] ?? 0)
    }).pipe(onCertificates({ ca: { refuse: refuse("new-order", "rateLimited", 429, 2 * day) } }))
  )
})

describe("a proof right after the verification", () => {
  /** What frontline answers to the CA as long as it remembers that the host name was not served. */
  const unserved = (until: number) => (_: string, at: number) =>
    at < startOfTime + until ? { type: "unauthorized", detail: "404" } : undefined
  const validations = Effect.map(MemoryCa, ({ requests }) =>
    requests.filter(({ operation }) => operation === "challenge")
  )

  it.effect("that meets a host name which is not served yet succeeds within minutes", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      assert.strictEqual(yield* answered(host), "pending")
      yield* engine.advance("8 minutes")
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
      assert.isNull((yield* rows).custom_domains[0]?.verification_error ?? null)
    }).pipe(onCertificates({ ca: { finds: unserved(5 * minute) } }))
  )

  it.effect("that keeps failing costs four validations within the hour, and says why", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      yield* answered(host)
      yield* engine.advance("1 hour")
      assert.strictEqual((yield* validations).length, 4)
      assert.deepInclude(yield* challengeRow(host), { status: "failed" })
      assert.include((yield* rows).custom_domains[0]?.verification_error ?? "", "wrong answer")
      yield* engine.advance("10 minutes")
      // A domain that has failed is tried once each time.
      assert.strictEqual((yield* validations).length, 5)
      yield* settled
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
    }).pipe(onCertificates({ ca: { finds: unserved(2 * hour) } }))
  )

  it.effect("is not asked for before the time that the CA names with the challenge", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      assert.strictEqual(yield* answered(host), "pending")
      yield* settled
      const { requests } = yield* MemoryCa
      const answeredAt = (yield* validations)[0]?.at ?? 0
      const next = requests.find(({ at, operation }) => operation === "authorization" && at > answeredAt)
      assert.isAtLeast(next?.at ?? 0, answeredAt + 5 * minute)
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
    }).pipe(onCertificates({ ca: { challengeRetryAfter: 5 * minute } }))
  )
})

describe("an account that the CA has paused", () => {
  const link = `https://portal.ca.test/unpause?jwt=${"e30.".repeat(80)}x`
  it.effect("is told at once with the whole address, and goes on by itself once a person has acted there", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      assert.strictEqual(yield* answered(host), "failed")
      assert.include((yield* rows).custom_domains[0]?.verification_error ?? "", link)
      yield* settled
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
    }).pipe(
      onCertificates({
        ca: {
          refuse: ({ at, operation }) =>
            operation === "new-order" && at < startOfTime + 2 * hour
              ? new AcmeProblem({
                  operation,
                  type: "rateLimited",
                  status: 429,
                  detail: `Your account is temporarily prevented from requesting certificates. Please visit: ${link}`,
                  subproblems: [],
                  retryAfter: null
                })
              : undefined
        }
      })
    )
  )
})

describe("a CA that is away", () => {
  it.effect("is not asked before its Retry-After, though it gives no problem document", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      assert.strictEqual(yield* answered(host), "pending")
      yield* engine.advance("5 hours")
      const { requests } = yield* MemoryCa
      assert.strictEqual(requests.filter(({ operation }) => operation === "new-order").length, 1)
      yield* settled
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
    }).pipe(
      onCertificates({
        ca: {
          refuse: ({ at, operation }) =>
            operation === "new-order" && at < startOfTime + 6 * hour
              ? new AcmeUnavailable({
                  operation,
                  reason: "unavailable",
                  status: 503,
                  retryAfter: startOfTime + 6 * hour
                })
              : undefined
        }
      })
    )
  )

  it.effect("for 20 minutes with the type of a rate limit issues within the hour", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      assert.strictEqual(yield* answered(host), "pending")
      yield* engine.advance("1 hour")
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
      assert.notInclude(yield* Counted, "problem rateLimited")
    }).pipe(
      onCertificates({
        ca: {
          refuse: ({ at, operation }) =>
            operation === "new-order" && at < startOfTime + 20 * minute
              ? new AcmeProblem({
                  operation,
                  type: "rateLimited",
                  status: 503,
                  detail: "service busy",
                  subproblems: [],
                  retryAfter: at + minute
                })
              : undefined
        }
      })
    )
  )

  it.effect("is asked at growing intervals, and the issuance goes on where it stood", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      assert.strictEqual(yield* answered(host), "pending")
      const { finalized, orders } = yield* settled
      assert.deepStrictEqual([orders, finalized], [{ [host]: 1 }, { [host]: 1 }])
      const { requests } = yield* MemoryCa
      assert.isBelow(requests.filter(({ at }) => at < startOfTime + hour).length, 30)
    }).pipe(
      onCertificates({
        ca: {
          refuse: ({ at, operation }) =>
            at >= startOfTime + 2000 && at < startOfTime + hour
              ? new AcmeUnavailable({ operation, reason: "unavailable", status: 503 })
              : undefined
        }
      })
    )
  )
})

describe("an order that replaces a certificate", () => {
  it.effect("is made without `replaces` when the CA says that it has a replacement already", () =>
    Effect.gen(function* () {
      const { requests } = yield* MemoryCa
      yield* seedCertified(host, startOfTime - 70 * day, startOfTime + 20 * day)
      assert.strictEqual(yield* answered(host), "success")
      assert.strictEqual(requests.filter(({ operation }) => operation === "new-order").length, 2)
      assert.deepStrictEqual((yield* settled).finalized, { [host]: 1 })
      assert.isDefined(yield* certificateRow(host))
    }).pipe(
      onCertificates({
        ca: {
          refuse: (() => {
            let isFirst = true
            return ({ operation }) => {
              if (operation !== "new-order" || !isFirst) return undefined
              isFirst = false
              return new AcmeProblem({
                operation,
                type: "alreadyReplaced",
                status: 409,
                detail: "",
                subproblems: [],
                retryAfter: null
              })
            }
          })()
        }
      })
    )
  )
})
