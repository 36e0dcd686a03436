import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either, Layer } from "effect"
import { implementations } from "../../src/composition/implementations.ts"
import { CertificateService } from "../../src/contract/CertificateService.ts"
import { DomainProofService } from "../../src/contract/DomainProofService.ts"
import { KeyRefillService } from "../../src/contract/KeyRefillService.ts"
import { QuotaCheckService } from "../../src/contract/QuotaCheckService.ts"
import { type MetricEvent, Metrics, type ScheduledTask } from "../../src/services/Metrics.ts"
import { seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { seedKey } from "../support/memory/keySeeds.ts"
import { MemoryUsage } from "../support/memory/MemoryUsage.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import { named } from "../support/named.ts"
import { ControlPlane, type FixtureServices, on, type Services } from "../support/workflows/ControlPlane.ts"
import { certificates } from "../support/workflows/certificates.ts"
import { command } from "../support/workflows/commands.ts"
import { domain, domainProofs, provenDomain } from "../support/workflows/domainProofs.ts"
import { timed } from "../support/workflows/queries.ts"
import { unfinished } from "../support/workflows/scenario.ts"
import { upkeep } from "../support/workflows/Upkeep.ts"

interface Case<More> {
  readonly name: string
  readonly task: ScheduledTask
  /** The statement that is not answered. */
  readonly statement: string
  readonly seed: Effect.Effect<unknown, unknown, Services | More>
  /** One run, to its end. */
  readonly run: Effect.Effect<Either.Either<unknown, unknown>, unknown, Services | More>
  readonly more: Layer.Layer<More, never, FixtureServices>
}

const refill = command(KeyRefillService, "RunRefill")("2030-01-01", {})
const check = command(QuotaCheckService, "RunCheck")("2030-01", {})
const renewal = command(CertificateService, "RenewExpiringCertificates")("global", { daysBeforeExpiry: 30 })
const proofs = command(DomainProofService, "LookAtPage")("all", { after: 0n })
const proof = command(DomainProofService, "LookAtDomain")(domain, {})

const exceeding = Effect.gen(function* () {
  yield* seedWorkspace("ws_a", 1000)
  const usage = yield* MemoryUsage
  usage.use(2030, 1, "ws_a", 2000)
})

const hours = (count: number) => Duration.toMillis(Duration.hours(count))

/** A run during an outage of the database, and one after it. */
const during = <More>({ more, run, seed, statement }: Case<More>, outage: number) => {
  const counted: Array<ScheduledTask> = []
  let endsAt = 0
  let now = () => 0
  const record = (event: MetricEvent) =>
    Effect.sync(() => {
      if (event._tag === "RunGivenUp") counted.push(event.task)
    })
  const served = Layer.provide(more, Layer.succeed(Metrics, { record }))
  return Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* seed
    now = () => engine.time.now
    endsAt = engine.time.now + outage
    const first = yield* timed(run)
    yield* engine.advance(Math.max(0, endsAt - engine.time.now))
    const second = yield* timed(run)
    yield* engine.drain
    return { first, second, counted, unfinished: unfinished(engine) }
  }).pipe(on({ more: served, refuses: (operation) => (operation === statement && now() < endsAt ? "away" : false) }))
}

const givesUpInTime = <More>(each: Case<More>): void => {
  const { name } = each
  it.effect(`${name}: ends by itself after an outage of five hours`, () =>
    Effect.gen(function* () {
      const { counted, first, unfinished: left } = yield* during(each, hours(5))
      assert.isTrue(Either.isRight(first.answer), JSON.stringify(first.answer))
      assert.deepStrictEqual([counted, left], [[], []])
    })
  )

  it.effect(`${name}: is given up after six hours, told once, and the next firing is served at once`, () =>
    Effect.gen(function* () {
      const { counted, first, second, unfinished: left } = yield* during(each, hours(7))
      assert.include(JSON.stringify(first.answer), "RunGivenUp")
      assert.isAtMost(first.took, hours(6.1))
      assert.isTrue(Either.isRight(second.answer), JSON.stringify(second.answer))
      assert.isAtMost(second.took, hours(0.1))
      assert.deepStrictEqual([counted, left], [[each.task], []])
    })
  )
}

describe("scheduled work whose run cannot end", () => {
  givesUpInTime({
    name: "a refill",
    task: "key_refill",
    statement: "KeyRefillStore.refillBatch",
    seed: seedKey("key_1"),
    run: refill,
    more: upkeep()
  })
  givesUpInTime({
    name: "a quota check",
    task: "quota_check",
    statement: "QuotaStore.findLimited",
    seed: exceeding,
    run: check,
    more: upkeep()
  })
  for (const statement of ["CertificateStore.page", "CertificateStore.ensureInfrastructure"])
    givesUpInTime({
      name: `a renewal that waits for ${statement}`,
      task: "cert_renewal",
      statement,
      seed: seedVerifiedDomain(named("shop.example.com")),
      run: renewal,
      more: certificates({ settings: { infrastructure: [named("*.unkey.test")] } })
    })
  givesUpInTime({
    name: "a search for domains to prove",
    task: "domain_proofs",
    statement: "DomainProofStore.page",
    seed: provenDomain,
    run: proofs,
    more: domainProofs
  })
  givesUpInTime({
    name: "a look at a domain's proof",
    task: "domain_proofs",
    statement: "DomainProofStore.find",
    seed: provenDomain,
    run: proof,
    more: domainProofs
  })

  it.effect("a domain of a renewal that cannot be looked at costs itself two minutes, and the renewal ends well", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(named("shop.example.com"))
      const { answer, took } = yield* timed(renewal)
      assert.deepInclude(Either.getOrThrow(answer), { certificatesChecked: 1, failedDomains: ["shop.example.com"] })
      assert.isAtMost(took, 3 * 60_000)
      yield* engine.drain
      assert.deepStrictEqual(unfinished(engine), [])
    }).pipe(
      on({ more: certificates(), refuses: (operation) => (operation === "CertificateStore.find" ? "away" : false) })
    )
  )

  it("is never paused, and nothing else ends instead of being paused", () => {
    const ending = implementations.flatMap(({ contract, options: { endsWhenExhausted = [] } }) =>
      endsWhenExhausted.map((handler) => `${contract.name}/${handler}`)
    )
    const known = [
      "hydra.v1.CertificateService/RenewExpiringCertificates",
      "hydra.v1.CertificateService/RenewPage",
      "hydra.v1.CertificateService/CheckRenewal",
      "hydra.v1.DeployService/ScaleDownIdlePreviewDeployments",
      "ctrl_worker.v1.IdlePreviews/Sweep",
      "ctrl_worker.v1.DomainProofService/LookAtPage",
      "ctrl_worker.v1.DomainProofService/LookAtDomain",
      "hydra.v1.KeyRefillService/RunRefill",
      "hydra.v1.KeyRefillService/RefillSlice",
      "hydra.v1.QuotaCheckService/RunCheck",
      "hydra.v1.QuotaCheckService/CheckSlice",
      "hydra.v1.QuotaCheckService/ForgetOldNotices",
      "ctrl_worker.v1.QuotaNoticeService/Notify"
    ]
    assert.sameMembers(
      ending,
      known,
      "a handler of endsWhenExhausted undoes nothing and is asked for again: show here that it ends in time, and add it"
    )
  })
})
