import { assert, layer } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import {
  type AuthorityAnswer,
  answer,
  closed,
  htmlPage,
  json,
  problem,
  truncated
} from "../../../dev/simulators/authority/answers.ts"
import { StandInCa } from "../../../dev/simulators/StandInCa.ts"
import type { AcmeOperation } from "../../../src/services/certificate/Acme.ts"
import { calls, ordered } from "../../support/acme/calls.ts"
import { asked, standInWorld } from "../../support/acme/standInWorld.ts"
import { withoutLogs } from "../../support/acme/withoutLogs.ts"

const now = Date.UTC(2026, 10, 25, 12, 0, 0)
const operations = Object.keys(calls) as ReadonlyArray<keyof typeof calls>

/** A call with one scripted response: its failure, and its requests to the CA. */
const meet = (operation: keyof typeof calls, scripted: AuthorityAnswer) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(now)
    const authority = yield* StandInCa
    yield* authority.reset
    const known = yield* ordered
    yield* authority.reset
    yield* authority.script(operation, scripted)
    const failure = yield* withoutLogs(Effect.flip(calls[operation](known)))
    return { failure, requests: yield* asked }
  })

/** The request and its nonce, nothing more. */
const onlyOnce = (operation: AcmeOperation) => (operation === "renewal-info" ? [operation] : ["nonce", operation])

const tooMany =
  'too many certificates (50) already issued for "stand-in.test" in the last 168h, retry after 2026-11-26 12:00:00 UTC: see https://ca.test/rate-limits'
const paused =
  "Your account is temporarily prevented from requesting certificates for stand-in.test. Please visit: https://ca.test/unpause"
const longLink = `https://ca.test/unpause?jwt=${"e30.Zm9v".repeat(80)}`
const identifiers = {
  detail: "two names",
  subproblems: [
    {
      type: "urn:ietf:params:acme:error:caa",
      detail: "forbidden by CAA",
      identifier: { type: "dns", value: "a.test" }
    },
    { type: "urn:ietf:params:acme:error:dns", detail: "SERVFAIL" }
  ]
}

const problems: ReadonlyArray<readonly [string, keyof typeof calls, AuthorityAnswer, object]> = [
  [
    "[W15] a rate limit of one second, whatever time its text names,",
    "new-order",
    problem("rateLimited", { status: 429, retryAfter: "1", detail: tooMany }),
    { type: "rateLimited", status: 429, retryAfter: now + 1_000 }
  ],
  [
    "[W15] a rate limit until a date",
    "new-order",
    problem("rateLimited", { status: 429, retryAfter: "Wed, 25 Nov 2026 14:00:00 GMT" }),
    { type: "rateLimited", retryAfter: now + 7_200_000 }
  ],
  [
    "a rate limit without a time",
    "new-order",
    problem("rateLimited", { status: 429 }),
    { type: "rateLimited", retryAfter: null }
  ],
  [
    "a rate limit with a malformed Retry-After",
    "new-order",
    problem("rateLimited", { status: 429, retryAfter: "tomorrow" }),
    { type: "rateLimited", retryAfter: null }
  ],
  [
    "a rate limit of a gateway, which has no problem document",
    "new-order",
    htmlPage(429, { "retry-after": "30" }),
    { type: "rateLimited", status: 429, retryAfter: now + 30_000 }
  ],
  [
    "an account that is busy",
    "new-account",
    problem("rateLimited", { status: 503, retryAfter: "60" }),
    { type: "rateLimited", status: 503, retryAfter: now + 60_000 }
  ],
  [
    "a paused identifier",
    "new-order",
    problem("rateLimited", { status: 429, detail: paused }),
    { type: "rateLimited", detail: paused }
  ],
  [
    "a replacement that was made already",
    "new-order",
    problem("alreadyReplaced", { status: 409 }),
    { type: "alreadyReplaced", status: 409 }
  ],
  ["a malformed request", "challenge", problem("malformed"), { type: "malformed", status: 400 }],
  ["an account the CA does not know", "new-order", problem("accountDoesNotExist"), { type: "accountDoesNotExist" }],
  [
    "an account without an external account binding",
    "new-account",
    problem("externalAccountRequired", { status: 403 }),
    { type: "externalAccountRequired", status: 403 }
  ],
  ["a CAA record against it", "finalize", problem("caa", { status: 403 }), { type: "caa", status: 403 }],
  ["a DNS failure", "finalize", problem("dns"), { type: "dns" }],
  [
    "a signature algorithm it does not take",
    "new-account",
    problem("badSignatureAlgorithm"),
    { type: "badSignatureAlgorithm" }
  ],
  ["a key it does not take", "new-account", problem("badPublicKey"), { type: "badPublicKey" }],
  [
    "several problems at once",
    "new-order",
    problem("compound", identifiers),
    {
      type: "compound",
      detail: "two names",
      subproblems: [
        { type: "caa", identifier: "a.test", detail: "forbidden by CAA" },
        { type: "dns", identifier: null, detail: "SERVFAIL" }
      ]
    }
  ],
  [
    "a problem that is not of ACME",
    "order",
    problem("https://ca.test/problems/odd", { status: 418 }),
    { type: "https://ca.test/problems/odd", status: 418 }
  ],
  [
    "a problem without a type",
    "order",
    answer(403, "application/problem+json; charset=utf-8", "{}"),
    { type: "about:blank", status: 403, detail: "" }
  ],
  [
    "a problem sent as plain JSON",
    "order",
    json(400, { type: "urn:ietf:params:acme:error:malformed", detail: "plain" }),
    { type: "malformed", detail: "plain" }
  ],
  ["a text of any length", "order", problem("malformed", { detail: "x".repeat(10_000) }), { detail: "x".repeat(500) }],
  [
    "a long address at which a person has to act, at the end of a long text,",
    "new-order",
    problem("rateLimited", { status: 429, detail: `${"x".repeat(400)} ${longLink}.` }),
    { type: "rateLimited", detail: `… ${longLink}` }
  ],
  [
    "new terms of service, whose page only `instance` names,",
    "new-order",
    json(403, {
      type: "urn:ietf:params:acme:error:userActionRequired",
      detail: "the terms have changed",
      instance: "https://ca.test/terms/2026"
    }),
    { type: "userActionRequired", detail: "the terms have changed https://ca.test/terms/2026" }
  ],
  [
    "a refused nonce with a time to wait, which is not asked again with another nonce,",
    "new-order",
    problem("badNonce", { status: 400, retryAfter: "60" }),
    { type: "badNonce", retryAfter: now + 60_000 }
  ]
]

/** Retry-After counts with any body, also an unreadable one. */
const hinted: ReadonlyArray<readonly [string, AuthorityAnswer]> = [
  ["a page for people", htmlPage(503, { "retry-after": "120" })],
  ["no body", answer(503, "", "", { "retry-after": "120" })],
  ["an object of another kind", answer(503, "application/json", '{"hello":"world"}', { "retry-after": "120" })],
  ["a damaged problem document", answer(503, "application/problem+json", '{"type":', { "retry-after": "120" })],
  ["success and nothing of ACME", answer(200, "application/json", "{}", { "retry-after": "120" })],
  ["a redirection", answer(307, "", "", { location: "https://127.0.0.1:1/", "retry-after": "120" })],
  [
    "a coding that was not asked for",
    answer(503, "text/html", "x", { "content-encoding": "br", "retry-after": "120" })
  ],
  ["a body that never ends", answer(503, "text/html", " ".repeat(2_000_000), { "retry-after": "120" })]
]

const unavailable: ReadonlyArray<readonly [string, AuthorityAnswer, object]> = [
  ["a page for people instead of an answer", htmlPage(200), { reason: "unexpected-answer" }],
  ["a gateway that is out of order", htmlPage(502), { reason: "unavailable", status: 502 }],
  ["a gateway that forbids", htmlPage(403), { reason: "unexpected-answer", status: 403 }],
  [
    "a redirection, which it does not follow",
    answer(302, "", "", { location: "https://127.0.0.1:1/" }),
    { reason: "unexpected-answer", status: 302 }
  ],
  ["an answer that ends too early", truncated, { reason: "unexpected-answer" }],
  [
    "an answer that never ends",
    answer(200, "application/json", " ".repeat(2_000_000)),
    { reason: "unexpected-answer" }
  ],
  ["a connection that is closed without an answer", closed, { reason: "unreachable" }],
  [
    "a problem document that is damaged",
    answer(400, "application/problem+json", '{"type":'),
    { reason: "unexpected-answer", status: 400 }
  ],
  ["an object of another kind", json(200, { hello: "world" }), { reason: "unexpected-answer" }]
]

layer(standInWorld)("what a certificate authority may answer", (it) => {
  for (const [title, operation, scripted, expected] of problems)
    it.effect(`${title} is that problem, after exactly one request`, () =>
      Effect.gen(function* () {
        const { failure, requests } = yield* meet(operation, scripted)
        assert.deepInclude(failure, { _tag: "AcmeProblem", operation, ...expected })
        assert.deepStrictEqual(requests, onlyOnce(operation))
      })
    )

  for (const operation of operations)
    it.effect(
      `its own failure is the same problem in ${operation}, with the time to wait, after exactly one request`,
      () =>
        Effect.gen(function* () {
          const { failure, requests } = yield* meet(
            operation,
            problem("serverInternal", { status: 500, retryAfter: "5" })
          )
          const expected = {
            _tag: "AcmeProblem" as const,
            operation,
            type: "serverInternal",
            status: 500,
            retryAfter: now + 5_000
          }
          assert.deepInclude(failure, expected)
          assert.deepStrictEqual(requests, onlyOnce(operation))
        })
    )

  for (const [title, scripted] of hinted)
    it.effect(`${title} with a Retry-After is worth another try at that time`, () =>
      Effect.gen(function* () {
        for (const operation of operations.filter((each) => each !== "challenge")) {
          const { failure, requests } = yield* meet(operation, scripted)
          assert.deepInclude(failure, { _tag: "AcmeUnavailable", operation, retryAfter: now + 120_000 })
          assert.deepStrictEqual(requests, onlyOnce(operation))
        }
      })
    )

  for (const [title, scripted, expected] of unavailable)
    it.effect(`${title} is worth another try, after exactly one request`, () =>
      Effect.gen(function* () {
        // The body of a challenge response is not read.
        for (const operation of operations.filter((each) => each !== "challenge")) {
          const { failure, requests } = yield* meet(operation, scripted)
          assert.deepInclude(failure, { _tag: "AcmeUnavailable", retryable: true, operation, ...expected })
          assert.deepStrictEqual(requests, onlyOnce(operation))
        }
      })
    )
})
