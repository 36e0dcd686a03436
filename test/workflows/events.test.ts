import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { seedKey } from "../support/memory/keySeeds.ts"
import { MemoryUsage } from "../support/memory/MemoryUsage.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import { building, fromGit, oneBehindTheOther } from "../support/workflows/builds.ts"
import { ControlPlane, drain, on } from "../support/workflows/ControlPlane.ts"
import { domain, publishAll, verifyDomain, withDomain, withDomains } from "../support/workflows/CustomDomains.ts"
import { onCertificates, processChallenge } from "../support/workflows/certificates.ts"
import { deploy, deployWith, submitFromGit } from "../support/workflows/commands.ts"
import { pending, shop } from "../support/workflows/seeds.ts"
import { runCheck, runRefill, withUpkeep } from "../support/workflows/Upkeep.ts"

type Fields = Readonly<Record<string, unknown>>

/** Runs a test with the fields of the events that are logged, in their order. */
const logging = <A, E, R>(test: (events: ReadonlyArray<Fields>) => Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const events: Array<Fields> = []
    const capture = Logger.make<unknown, void>(({ annotations }) => {
      const fields = Object.fromEntries(annotations)
      if (fields.event !== undefined) events.push(fields)
    })
    return Effect.provide(test(events), Logger.replace(Logger.defaultLogger, capture))
  })

const names = (events: ReadonlyArray<Fields>) => events.map(({ event }) => event)

const ofShop = { project_id: "proj_shop", workspace_id: "ws_shop" }

describe("the events of work", () => {
  for (const suspend of ["never", "always"] as const)
    it.effect(
      `of a deploy are logged once each with its ids, however often it is replayed (suspended ${suspend})`,
      () =>
        logging((events) =>
          Effect.gen(function* () {
            yield* shop
            yield* pending("d_1", 1)
            yield* deploy("d_1")
            yield* deploy("d_1")
            assert.deepStrictEqual(names(events), [
              "deploy.started",
              "deploy.waiting",
              "deploy.running",
              "deploy.ready"
            ])
            for (const fields of events)
              assert.deepInclude(fields, { ...ofShop, deployment_id: "d_1", service: "hydra.v1.DeployService" })
            assert.deepInclude(events[1], { waiting_for: "instances", regions: ["eu 0/1", "us 0/1"] })
            assert.deepInclude(events[2], { running_regions: ["eu", "us"], slow_regions: [] })
          }).pipe(on({ suspend }))
        )
    )

  it.effect("of a deploy that fails say why", () =>
    logging((events) =>
      Effect.gen(function* () {
        yield* shop
        yield* pending("d_1", 1)
        yield* deployWith("proj_shop", { deploymentId: "d_1", command: [], dockerImage: { image: " " } })
        assert.deepStrictEqual(names(events), ["deploy.started", "deploy.failed"])
        assert.match(String(events[1]?.reason), /image/)
      }).pipe(on())
    )
  )

  it.effect("of builds say what is built, what waits and how it ended", () =>
    logging((events) =>
      Effect.gen(function* () {
        yield* shop
        yield* fromGit("d_1", 1, "main")
        yield* submitFromGit("d_1")
        yield* drain
        assert.deepStrictEqual(names(events).slice(0, 4), [
          "deploy.started",
          "build.queued",
          "build.started",
          "build.ended"
        ])
        const [, queued, started, ended] = events
        assert.isString(queued?.build_id)
        assert.deepInclude(started, { ...ofShop, deployment_id: "d_1", build_id: queued?.build_id })
        assert.deepInclude(ended, { build_id: queued?.build_id, outcome: "succeeded" })
      }).pipe(on(building))
    )
  )

  it.effect("of a build that waits, and of one that is cancelled, say so", () =>
    logging((events) =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        const { first } = yield* oneBehindTheOther
        yield* engine.advance("10200 millis")
        const of = (id: string) => events.filter(({ deployment_id }) => deployment_id === id)
        const waiting = of("d_2").filter(({ event }) => event === "deploy.waiting")
        assert.lengthOf(waiting, 1)
        assert.deepInclude(waiting[0], { waiting_for: "build_slot", position: 1 })
        engine.cancel(first.id)
        yield* engine.settle
        assert.deepStrictEqual(names(of("d_1")).slice(-2), ["build.ended", "deploy.cancelled"])
        assert.deepInclude(of("d_1").at(-2), { outcome: "cancelled" })
      }).pipe(on(building))
    )
  )

  it.effect("of a domain are logged when it is verified, and not again when it is looked after", () =>
    logging((events) =>
      Effect.gen(function* () {
        yield* withDomain()
        yield* publishAll
        yield* verifyDomain
        yield* drain
        yield* verifyDomain
        yield* drain
        assert.deepStrictEqual(names(events), ["domain.verified"])
        assert.deepInclude(events[0], { domain, workspace_id: "ws_shop" })
      }).pipe(withDomains())
    )
  )

  it.effect("of a certificate are logged when it is stored", () =>
    logging((events) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(domain)
        yield* processChallenge(domain)
        assert.deepStrictEqual(names(events), ["certificate.issued"])
        assert.deepInclude(events[0], { domain, kind: "first", step: "store-certificate" })
      }).pipe(onCertificates())
    )
  )

  it.effect("of scheduled runs sum them up once, at their end", () =>
    logging((events) =>
      Effect.gen(function* () {
        yield* seedKey("key_1")
        yield* seedKey("key_2")
        yield* runRefill("2026-02-28")
        assert.deepInclude(events[0], { event: "refill.completed", date: "2026-02-28", keys: 2 })
        yield* seedWorkspace("ws_above", 1000)
        yield* Effect.map(MemoryUsage, (usage) => usage.use(2030, 1, "ws_above", 2000))
        yield* runCheck("2030-01")
        const summary = { period: "2030-01", workspaces: 1, exceeded: 1, notices: 1 }
        assert.deepInclude(events[1], { event: "quota_check.completed", ...summary })
        assert.lengthOf(events, 2)
      }).pipe(on(withUpkeep()))
    )
  )
})
