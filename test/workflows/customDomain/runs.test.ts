import { assert, describe, it } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import { DbError } from "../../../src/services/Db.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { updateWhere } from "../../support/memory/MemoryTables.ts"
import { seedCustomDomain, seedProject } from "../../support/memory/seeds.ts"
import { advance, ControlPlane, drain, outage } from "../../support/workflows/ControlPlane.ts"
import {
  Certificates,
  controlApi,
  domain,
  domainId,
  domainRow,
  looks,
  publishAll,
  removeDomain,
  stateOfRun,
  verifyDomain,
  withDomain,
  withDomains
} from "../../support/workflows/CustomDomains.ts"
import { onceAt } from "../../support/workflows/faults.ts"
import { answerOf, rows } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

/** Checks in a while of virtual time: one run makes about one a minute once it has slowed down. */
const looksWithin = (millis: number) =>
  Effect.gen(function* () {
    const before = yield* looks
    yield* advance(millis)
    return (yield* looks) - before
  })

const nothingGoesOn = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  yield* drain
  assert.deepStrictEqual(yield* stateOfRun, {})
  assert.deepStrictEqual(unfinished(engine), [])
})

/** A domain that was added, looked at for a while and deleted. */
const deletedDuringItsRun = Effect.gen(function* () {
  yield* withDomain()
  yield* controlApi.add
  yield* advance(100_000)
  yield* controlApi.remove
})

describe("a run", () => {
  it.effect("takes the place of the one before, so that exactly one goes on", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* verifyDomain
      yield* advance(600_000)
      for (let again = 0; again < 5; again++) {
        yield* verifyDomain
        yield* advance(7_000)
      }
      yield* advance(600_000)
      assert.strictEqual(yield* looksWithin(600_000), 10)
    }).pipe(withDomains())
  )

  it.effect("counts its day from its own start, also when it takes the place of another", () =>
    Effect.gen(function* () {
      yield* withDomain()
      const { engine } = yield* ControlPlane
      yield* verifyDomain
      yield* advance(600_000)
      yield* outage(20 * 3_600_000)
      const startedAt = engine.time.now
      yield* verifyDomain
      yield* advance(600_000)
      yield* outage(23 * 3_600_000)
      yield* drain
      assert.strictEqual((yield* domainRow).last_checked_at, startedAt + 24 * 3_600_000)
    }).pipe(withDomains())
  )

  it.effect("delivered twice verifies once", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* publishAll
      yield* verifyDomain
      yield* drain
      const { acme_challenges, frontline_routes } = yield* rows
      assert.deepStrictEqual([acme_challenges.length, frontline_routes.length], [1, 1])
      assert.strictEqual((yield* domainRow).check_attempts, 1)
    }).pipe(withDomains({ duplicate: "concurrent" }))
  )

  it.effect("[W21] acts on what it saw, also when DNS answers otherwise while its attempt is repeated", () => {
    let answerOtherwise = () => {}
    return Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* withDomain()
      yield* publishAll
      const runSync = Runtime.runSync(yield* Effect.runtime())
      answerOtherwise = () => runSync(dns.set("CNAME", domain, ["elsewhere.example.net"]))
      yield* verifyDomain
      yield* drain
      assert.deepInclude(yield* domainRow, { verification_status: "verified", check_attempts: 1 })
    }).pipe(
      withDomains({
        faults: onceAt("activate-domain", "after-body"),
        before: { activate: () => answerOtherwise() }
      })
    )
  })

  it.effect("[W8] counts one attempt at one time however often its step is repeated", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* verifyDomain
      yield* advance(0)
      assert.deepInclude(yield* domainRow, { check_attempts: 1 })
      yield* outage(86_400_000)
      yield* drain
    }).pipe(withDomains({ faults: onceAt("record-attempt", "after-body") }))
  )
})

describe("a domain without a row", () => {
  it.effect("[W13] ends quietly after a few looks and leaves nothing behind", () =>
    Effect.gen(function* () {
      yield* seedProject("shop")
      const before = yield* rows
      assert.deepStrictEqual(yield* Effect.flatMap(verifyDomain, answerOf), { code: 200, message: "" })
      yield* nothingGoesOn
      assert.strictEqual(yield* looks, 5)
      assert.deepStrictEqual(yield* rows, before)
    }).pipe(withDomains())
  )

  it.effect("is verified all the same when its row is committed a moment later", () =>
    Effect.gen(function* () {
      yield* seedProject("shop")
      yield* publishAll
      yield* verifyDomain
      yield* advance(3_000)
      yield* seedCustomDomain("shop", domain)
      yield* nothingGoesOn
      assert.deepInclude(yield* domainRow, { verification_status: "verified" })
    }).pipe(withDomains())
  )

  it.effect("ends quietly with its next check once it was deleted", () =>
    Effect.gen(function* () {
      yield* deletedDuringItsRun
      const before = yield* rows
      yield* publishAll
      assert.isAtMost(yield* looksWithin(60_000), 1)
      yield* nothingGoesOn
      assert.deepStrictEqual(yield* rows, before)
      assert.deepStrictEqual((yield* Certificates).ordered, [])
    }).pipe(withDomains())
  )

  it.effect("gets no route, challenge or certificate when it is deleted between the look and the write", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* publishAll
      yield* verifyDomain
      yield* nothingGoesOn
      const { acme_challenges, custom_domains, frontline_routes } = yield* rows
      assert.deepStrictEqual([acme_challenges, custom_domains, frontline_routes], [[], [], []])
      assert.deepStrictEqual((yield* Certificates).ordered, [])
    }).pipe(withDomains({ before: { activate: removeDomain } }))
  )
})

describe("a domain that was deleted and added again", () => {
  it.effect("[W43] is not touched by the run of the old row, even before its own run begins", () =>
    Effect.gen(function* () {
      yield* deletedDuringItsRun
      yield* seedCustomDomain("shop", domain, { id: "dom_again" })
      const before = yield* rows
      yield* publishAll
      yield* nothingGoesOn
      assert.deepStrictEqual(yield* rows, before)
    }).pipe(withDomains())
  )

  it.effect("[W43] is verified by its own run, under its own id", () =>
    Effect.gen(function* () {
      yield* deletedDuringItsRun
      yield* seedCustomDomain("shop", domain, { id: "dom_again" })
      yield* controlApi.add
      yield* publishAll
      yield* nothingGoesOn
      assert.deepInclude(yield* domainRow, { id: "dom_again", verification_status: "verified" })
      assert.deepStrictEqual(
        (yield* rows).acme_challenges.map(({ domain_id }) => domain_id),
        ["dom_again"]
      )
    }).pipe(withDomains())
  )

  it.effect("is not touched by an attempt that was recorded for the old row", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* verifyDomain
      yield* nothingGoesOn
      assert.deepInclude(yield* domainRow, { id: "dom_again", check_attempts: 0, verification_error: null })
    }).pipe(
      withDomains({
        before: {
          record: (draft) => updateWhere(draft.custom_domains, ({ id }) => id === domainId, { id: "dom_again" })
        }
      })
    )
  )
})

describe("a control API that cancels the invocation that it sent", () => {
  it.effect("leaves exactly one run after a retry, although the cancelled invocation ended long ago", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* controlApi.add
      yield* advance(600_000)
      for (let again = 0; again < 3; again++) {
        yield* controlApi.retry
        yield* advance(40_000)
      }
      yield* advance(600_000)
      assert.strictEqual(yield* looksWithin(600_000), 10)
      assert.deepInclude(yield* domainRow, { verification_status: "verifying" })
    }).pipe(withDomains())
  )

  it.effect("leaves nothing after a deletion, wherever its cancellation meets the run", () =>
    Effect.forEach(
      [0, 1, 15_000, 15_001, 60_000],
      (later) =>
        Effect.gen(function* () {
          yield* withDomain()
          yield* controlApi.add
          yield* advance(later)
          yield* controlApi.remove
          yield* publishAll
          yield* nothingGoesOn
          const { acme_challenges, frontline_routes } = yield* rows
          assert.deepStrictEqual([acme_challenges, frontline_routes], [[], []])
        }).pipe(withDomains()),
      { discard: true }
    )
  )

  it.effect("and resets the row after the new run has verified it sees it verified again a minute later", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* controlApi.add
      yield* advance(100_000)
      yield* publishAll
      yield* controlApi.retry
      assert.deepInclude(yield* domainRow, { verification_status: "pending" })
      yield* advance(60_000)
      assert.deepInclude(yield* domainRow, { verification_status: "verified", check_attempts: 1 })
      yield* nothingGoesOn
    }).pipe(withDomains())
  )

  it.effect("and retries a verified domain has it checked anew", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* withDomain()
      yield* publishAll
      yield* controlApi.add
      yield* drain
      yield* dns.set("CNAME", domain, ["elsewhere.example.net"])
      yield* controlApi.retry
      yield* advance(600_000)
      yield* outage(86_400_000)
      yield* drain
      assert.deepInclude(yield* domainRow, { verification_status: "failed", cname_verified: false })
    }).pipe(withDomains())
  )

  it.effect("before the invocation has run still has the run of its next one", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withDomain()
      const first = yield* verifyDomain
      engine.cancel(first.id)
      yield* publishAll
      yield* controlApi.add
      yield* nothingGoesOn
      assert.deepInclude(yield* domainRow, { verification_status: "verified" })
    }).pipe(withDomains())
  )
})

describe("a database that is away", () => {
  it.effect("delays a run and does not end it", () => {
    let failures = 0
    const failing = () => {
      if (failures++ < 5) throw new DbError({ operation: "DomainStore.find", reason: "connection" })
    }
    return Effect.gen(function* () {
      yield* withDomain()
      yield* publishAll
      yield* verifyDomain
      yield* nothingGoesOn
      assert.deepInclude(yield* domainRow, { verification_status: "verified" })
      assert.isAbove(failures, 5)
    }).pipe(withDomains({ before: { find: failing } }))
  })
})
