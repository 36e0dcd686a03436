import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { VersioningService } from "../../../src/contract/VersioningService.ts"
import { namesOf } from "../../support/memory/seeds.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { getVersion, nextVersion, publishChange, raiseVersion, submitDeploy } from "../../support/workflows/commands.ts"
import { everyAcknowledgementLost, onceAt } from "../../support/workflows/faults.ts"
import { answerOf, rows } from "../../support/workflows/queries.ts"
import { pending, shop, withLive } from "../../support/workflows/seeds.ts"

const service = VersioningService.name
const version = (value: bigint) => Either.right({ version: value })
const versionsIn = (region: string) =>
  Effect.map(rows, ({ cilium_network_policies, sentinels, deployment_topology }) =>
    [...cilium_network_policies, ...sentinels, ...deployment_topology]
      .filter((row) => row.region === region)
      .map((row) => row.version)
      .sort((a, b) => a - b)
  )
const wanted = {
  ...namesOf("shop"),
  environmentId: namesOf("shop").productionId,
  deploymentId: "d_9",
  k8sNamespace: "shop",
  topology: { replicas: 1, desiredStatus: "starting" },
  policies: [
    {
      id: "net_1",
      k8sName: "policy",
      k8sNamespace: "shop",
      policy: { metadata: { name: "policy" }, spec: { port: 1 } }
    }
  ],
  now: 1
} as const

describe("versions of a region", () => {
  it.effect("start at 1, rise by one, and are not used up by looking", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* getVersion("eu"), version(0n))
      assert.deepStrictEqual(yield* nextVersion("eu"), version(1n))
      assert.deepStrictEqual(yield* nextVersion("eu"), version(2n))
      assert.deepStrictEqual(yield* getVersion("eu"), version(2n))
      assert.deepStrictEqual(yield* nextVersion("us"), version(1n))
    }).pipe(on())
  )

  it.effect("[W38] continue above the tables when the object's state is lost", () =>
    Effect.gen(function* () {
      yield* withLive
      assert.deepStrictEqual(yield* getVersion("eu"), version(1n))
      assert.deepStrictEqual(yield* nextVersion("eu"), version(2n))
    }).pipe(on())
  )

  it.effect("continue where the Go worker's counter stands", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      engine.setState(service, "eu", "version", 41)
      assert.deepStrictEqual(yield* nextVersion("eu"), version(42n))
      assert.deepStrictEqual(engine.stateOf(service, "eu"), { version: 42 })
    }).pipe(on())
  )

  it.effect("of a deploy continue above the counter that a Go worker has raised without a row", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1)
      const { engine, feed } = yield* ControlPlane
      engine.setState(service, "eu", "version", 41)
      yield* answerOf(yield* submitDeploy("d_1"))
      const seen = feed.filter(({ region }) => region === "eu").map((row) => row.version)
      assert.strictEqual(seen[0], 42n)
      assert.deepStrictEqual(engine.stateOf(service, "eu"), { version: Number(seen.at(-1)) })
    }).pipe(on())
  )

  it.effect(
    "of a deploy are used once when the next process, which knows no counter, repeats what the last one committed",
    () => {
      const dies = onceAt("publish-change", "after-body")
      let lives = 1
      return Effect.gen(function* () {
        yield* shop
        yield* pending("d_1", 1)
        const { engine } = yield* ControlPlane
        assert.strictEqual((yield* answerOf(yield* submitDeploy("d_1"))).code, 200)
        assert.strictEqual(lives, 2)
        const used = yield* versionsIn("eu")
        assert.deepStrictEqual(
          used,
          used.map((_, index) => index + 1)
        )
        assert.deepStrictEqual(engine.stateOf(service, "eu"), { version: used.length })
      }).pipe(
        on({
          knowsCounter: () => lives === 1,
          faults: (point) => {
            const isDead = dies(point)
            if (isDead) lives++
            return isDead
          }
        })
      )
    }
  )

  it.effect("that are handed out and those of changes are never the same", () =>
    Effect.gen(function* () {
      yield* withLive
      const { feed } = yield* ControlPlane
      const handedOut = yield* nextVersion("eu")
      yield* pending("d_2", 2)
      yield* answerOf(yield* submitDeploy("d_2"))
      assert.notInclude(
        feed.map(({ region, version }) => `${region} ${version}`),
        `eu ${Either.getOrThrow(handedOut).version}`
      )
      assert.isAbove(Number(Either.getOrThrow(yield* nextVersion("eu")).version), Number(feed.at(-1)?.version))
    }).pipe(on())
  )

  it.effect("are never lowered by a late message", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      engine.setState(service, "eu", "version", 41)
      yield* raiseVersion("eu", 7n)
      assert.deepStrictEqual(engine.stateOf(service, "eu"), { version: 41 })
      yield* raiseVersion("eu", 43n)
      assert.deepStrictEqual(yield* getVersion("eu"), version(43n))
    }).pipe(on())
  )

  it.effect("[W38] become visible in their order, also for deploys that run at once and lose acknowledgements", () =>
    Effect.gen(function* () {
      yield* shop
      const { engine, feed } = yield* ControlPlane
      const ids = ["d_1", "d_2", "d_3"]
      yield* Effect.forEach(ids, (id, nth) => pending(id, nth))
      yield* Effect.forEach(yield* Effect.forEach(ids, submitDeploy), answerOf)
      const seen = feed.filter(({ region }) => region === "eu").map((row) => Number(row.version))
      assert.deepStrictEqual(
        seen,
        Array.from({ length: seen.length }, (_, index) => index + 1)
      )
      assert.deepStrictEqual(engine.stateOf(service, "eu"), { version: seen.length })
    }).pipe(on({ suspend: "always", faults: everyAcknowledgementLost().faults }))
  )
})

describe("publishing a change", () => {
  it.effect("[W37] that is so already writes nothing and uses no version", () =>
    Effect.gen(function* () {
      yield* withLive
      const first = yield* publishChange("eu", wanted)
      const before = yield* rows
      assert.deepStrictEqual(yield* publishChange("eu", { ...wanted, now: 2 }), first)
      assert.deepStrictEqual(yield* rows, before)
    }).pipe(on())
  )

  it.effect("[W52] numbers policies below the topology that they protect", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* publishChange("eu", wanted)
      const { cilium_network_policies, deployment_topology } = yield* rows
      const topology = deployment_topology.find((row) => row.deployment_id === "d_9")
      for (const policy of cilium_network_policies) assert.isBelow(policy.version, topology?.version ?? 0)
    }).pipe(on())
  )

  it.effect("[W9] [W19] whose acknowledgement is lost writes each row once, under the same id", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* publishChange("eu", wanted)
      assert.deepStrictEqual(yield* versionsIn("eu"), [1, 2, 3])
      assert.deepStrictEqual(
        (yield* rows).cilium_network_policies.map(({ id }) => id),
        ["net_1"]
      )
    }).pipe(on({ faults: onceAt("publish-change", "after-body") }))
  )
})
