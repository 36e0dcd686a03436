import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { htmlPage, problem, silent } from "../../dev/simulators/authority/answers.ts"
import { StandInCa } from "../../dev/simulators/StandInCa.ts"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { namesOf } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { certificateStack } from "./support/certificateStack.ts"
import {
  assertCertified,
  assertMadeAtCa,
  certificateRow,
  orderRequests,
  processChallenge,
  sendChallenge
} from "./support/certificates.ts"
import { rows } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { DatabaseUrl } from "./support/Stack.ts"

const { workspaceId } = namesOf("shop")
const pending = { status: 200, body: { status: "pending" } }

const early = "early.customer.test"
const limited = "limited.customer.test"
const unstored = "unstored.customer.test"

const inDatabase = (statement: string) => Effect.flatMap(DatabaseUrl, (url) => queryServer(url, statement))

const refuseToStore = inDatabase(`
  CREATE TRIGGER refuse BEFORE INSERT ON certificates FOR EACH ROW
  BEGIN IF NEW.hostname = '${unstored}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'; END IF; END`)

/** Issuances that have to wait for most of a minute, begun together. */
class Begun extends Context.Tag("test/e2e/Begun")<
  Begun,
  { readonly answers: ReadonlyArray<unknown>; readonly unstored: string }
>() {}

const begun = Layer.effect(
  Begun,
  Effect.gen(function* () {
    const { script } = yield* StandInCa
    yield* Effect.forEach([early, limited, unstored], seedVerifiedDomain)
    yield* script("directory", htmlPage(503))
    const atEarly = yield* processChallenge(early)
    yield* script("new-order", problem("rateLimited", { status: 429, retryAfter: "2" }))
    const atLimited = yield* processChallenge(limited)
    yield* refuseToStore
    const invocation = yield* sendChallenge(unstored)
    // The next answers that are scripted are for others.
    yield* eventually("an order", orderRequests(unstored), (requests) => requests.some(({ status }) => status === 201))
    return { answers: [atEarly, atLimited], unstored: invocation }
  })
)

const world = Layer.provideMerge(begun, certificateStack())

const untilCertified = (domain: string) =>
  Effect.zipRight(
    // Limits are waited out for a minute at least, and up to a tenth longer.
    Effect.retry(
      eventually(domain, certificateRow(domain), (row) => row !== undefined),
      { times: 1 }
    ),
    eventually(`${domain} in full`, Effect.either(assertCertified(domain, workspaceId)), ({ _tag }) => _tag === "Right")
  )

const challengeStatus = (domain: string) =>
  Effect.map(rows, ({ acme_challenges, custom_domains }) => {
    const row = custom_domains.find((each) => each.domain === domain)
    const challenge = acme_challenges.find(({ domain_id }) => domain_id === row?.id)
    return { status: challenge?.status, error: row?.verification_error }
  })

/** Cancels a domain's issuance once it stands where `untilThere` waits for, and answers how it goes on. */
const cancelled = <E, R>(domain: string, untilThere: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    yield* seedVerifiedDomain(domain)
    const id = yield* sendChallenge(domain)
    yield* untilThere
    yield* restate.cancel(id)
    const isFree = eventually(
      "a free key",
      restate.invocation(id),
      (row) => row === undefined || row.status === "completed"
    )
    yield* inRealTime(Effect.timeout(isFree, "5 seconds"))
    assert.deepInclude(yield* processChallenge(domain), { status: 200 })
    yield* assertCertified(domain, workspaceId)
    yield* assertMadeAtCa(domain, 1)
  })

layer(world, { excludeTestServices: true, timeout: "1 minute" })("an issuance that meets a problem", (it) => {
  it.effect("answers at once that it waits for a CA that is away, or that limits it", () =>
    Effect.map(Begun, ({ answers }) => assert.deepStrictEqual(answers, [pending, pending]))
  )

  it.effect("fails for a name that the CA rejects, reports it, and delays no other domain", () =>
    Effect.gen(function* () {
      const rejected = "rejected.customer.test"
      const other = "other.customer.test"
      yield* Effect.forEach([rejected, other], seedVerifiedDomain)
      yield* (yield* StandInCa).script("new-order", problem("rejectedIdentifier", { detail: "not this one" }))
      const body = { status: "failed" }
      assert.deepStrictEqual(yield* processChallenge(rejected), { status: 200, body })
      assert.deepStrictEqual(yield* challengeStatus(rejected), {
        status: "failed",
        error: "The certificate authority issues no certificate for this name. (not this one)"
      })
      assert.deepInclude(yield* processChallenge(other), { status: 200 })
      yield* assertCertified(other, workspaceId)
      // A repeated call returns the same, without a request to the CA.
      assert.deepStrictEqual(yield* processChallenge(rejected), { status: 200, body })
      assert.lengthOf(yield* orderRequests(rejected), 1)
    })
  )

  it.effect("lets go of the domain within seconds when it is cancelled while the CA does not answer", () =>
    Effect.gen(function* () {
      const domain = "silent.customer.test"
      yield* (yield* StandInCa).script("new-order", silent)
      const asked = eventually("a question", orderRequests(domain), (requests) => requests.length > 0)
      yield* cancelled(domain, asked)
    })
  )

  it.effect("lets go of the domain within seconds when it is cancelled while its names are proven", () =>
    Effect.gen(function* () {
      const domain = "proving.customer.test"
      yield* cancelled(
        domain,
        eventually("a challenge", challengeStatus(domain), ({ status }) => status === "pending")
      )
    })
  )

  it.effect("stores the certificate that it could not store, once it can, without another order", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const { unstored: invocation } = yield* Begun
      const { body, status } = yield* restate.attach(invocation)
      assert.deepStrictEqual({ body, status }, pending)
      yield* assertMadeAtCa(unstored, 1)
      assert.isUndefined(yield* certificateRow(unstored))
      yield* inDatabase("DROP TRIGGER refuse")
      yield* untilCertified(unstored)
      yield* assertMadeAtCa(unstored, 1)
    })
  )

  it.effect("goes on by itself after the CA was away", () =>
    Effect.zipRight(untilCertified(early), assertMadeAtCa(early, 1))
  )

  it.effect("asks for nothing before the end of a limit, and then gets its certificate", () =>
    Effect.gen(function* () {
      yield* untilCertified(limited)
      yield* assertMadeAtCa(limited, 1)
      const [refused, accepted, ...more] = yield* orderRequests(limited)
      assert.deepStrictEqual([refused?.status, accepted?.status, more], [429, 201, []])
      assert.isAtLeast((accepted?.at ?? 0) - (refused?.at ?? 0), 2_000)
    })
  )
})
