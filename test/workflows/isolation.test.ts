import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { DatabaseRefused } from "../../src/contract/errors.ts"
import { desiredSentinel } from "../../src/workflows/deploy/sentinel.ts"
import { seedDomain } from "../support/memory/certificateSeeds.ts"
import { keyRow, seedKey } from "../support/memory/keySeeds.ts"
import { MemoryUsage } from "../support/memory/MemoryUsage.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import { namesOf, seedDeployment, seedProject, sentinelNamed } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { ControlPlane, on } from "../support/workflows/ControlPlane.ts"
import { onCertificates, renewAll, SentHeartbeats } from "../support/workflows/certificates.ts"
import { changeState, deploy, deployWith, scheduleChange } from "../support/workflows/commands.ts"
import { deploymentRow, rows, stepsOf, timed, topologyOf } from "../support/workflows/queries.ts"
import { unfinished } from "../support/workflows/scenario.ts"
import { createdAt, pending, shop, withLive } from "../support/workflows/seeds.ts"
import { runCheck, runRefill, Upkeep, withUpkeep } from "../support/workflows/Upkeep.ts"

/** A sentinel of another environment that has the name which the shop's will want, as a collision of hashes leaves it. */
const takeSentinelName = (region: string) =>
  Effect.gen(function* () {
    const world = yield* World
    const { productionId } = namesOf("shop")
    const wanted = { environmentId: productionId, environmentSlug: "production", region, image: "i" }
    yield* world.insert("sentinels", sentinelNamed("se_other", desiredSentinel(wanted)))
  })

describe("a row that the database does not take", () => {
  it.effect("fails its own deploy with the reason at the open step, and the region serves the next at once", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shop
      yield* takeSentinelName("eu")
      yield* pending("d_1", 1)
      const { answer, took } = yield* timed(deploy("d_1"))
      const refused = { operation: "RegionStore.transact", reason: "duplicate_key", errno: 1062 } as const
      assert.deepStrictEqual(answer, Either.left(new DatabaseRefused(refused)))
      assert.isBelow(took, 1000)
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "failed" })
      assert.include(
        String((yield* stepsOf("d_1")).deploying),
        "the database refuses this: another row has this key (RegionStore.transact, error 1062)"
      )
      assert.notInclude(Object.values(yield* topologyOf("d_1")), "starting")

      yield* seedProject("neighbour", { regions: { eu: 1 } })
      yield* seedDeployment("neighbour", "d_2", { created_at: createdAt(2) })
      const request = { deploymentId: "d_2", command: [], dockerImage: { image: "web:1" } }
      assert.isTrue(Either.isRight(yield* deployWith("proj_neighbour", request)))
      assert.deepInclude(yield* deploymentRow("d_2"), { status: "ready" })
      yield* engine.drain
      assert.deepStrictEqual(unfinished(engine), [])
    }).pipe(on())
  )

  let published = 0
  it.effect("of one region does not keep a deployment running in the others", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* (yield* World).update("projects", { id: "proj_shop" }, { live_deployment_id: null })
      yield* scheduleChange("d_1", { delayMillis: 0, state: "standby" })
      yield* engine.drain
      assert.deepStrictEqual(yield* topologyOf("d_1"), { eu: "started", us: "stopped" })
      assert.deepStrictEqual(unfinished(engine), [])
      assert.isTrue(Either.isRight(yield* changeState("d_1", { nonce: "another", state: "running" })))
    }).pipe(on({ refuses: (operation) => operation === "RegionStore.transact" && ++published === 1 }))
  )

  it.effect("costs a refill the one key that it belongs to", () =>
    Effect.gen(function* () {
      const world = yield* World
      for (const nth of [1, 2, 3, 4, 5]) yield* seedKey(`key_${nth}`)
      // Refilled once, then used up and without its audit entry: what belongs to the entry is still there.
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), Either.right({ keysRefilled: 5 }))
      const taken = (yield* rows).audit_log_target.filter(({ id }) => id === "key_3")
      yield* world.clear
      for (const nth of [1, 2, 3, 4, 5]) yield* seedKey(`key_${nth}`)
      for (const row of taken) yield* world.insert("audit_log_target", row)
      const { engine } = yield* ControlPlane
      engine.setState("hydra.v1.KeyRefillService", "2026-02-28-again", "progress", {
        cursor: "0",
        refilled: 0,
        done: false
      })
      assert.deepStrictEqual(yield* runRefill("2026-02-28-again"), Either.right({ keysRefilled: 4 }))
      assert.deepInclude(yield* keyRow("key_3"), { remaining_requests: 0 })
      assert.deepInclude(yield* keyRow("key_4"), { remaining_requests: 100 })
    }).pipe(on(withUpkeep()))
  )

  let asked = 0
  it.effect("costs a quota check the one workspace that it belongs to", () =>
    Effect.gen(function* () {
      const usage = yield* MemoryUsage
      for (const id of ["ws_a", "ws_b", "ws_c"]) {
        yield* seedWorkspace(id, 1000)
        usage.use(2030, 1, id, 2000)
      }
      const counts = { workspacesChecked: 3, workspacesExceeded: 3, notificationsSent: 2 }
      assert.deepStrictEqual(yield* runCheck("2030-01"), Either.right(counts))
      const { beats, notices } = yield* Upkeep
      assert.deepStrictEqual(
        notices.map(({ workspaceId }) => workspaceId),
        ["ws_b", "ws_c"]
      )
      assert.deepStrictEqual(beats, ["quota_check"])
    }).pipe(
      // A page is read with another statement: the first of these is about the first workspace on it.
      on({ ...withUpkeep(), refuses: (operation) => operation === "QuotaStore.find" && ++asked === 1 })
    )
  )

  it.effect("a statement that is refused whatever the rows ends a schedule with the reason, and no heartbeat", () =>
    Effect.gen(function* () {
      yield* seedDomain("shop.example.com")
      const refused = { operation: "CertificateStore.page", reason: "constraint" } as const
      assert.deepStrictEqual(yield* renewAll(), Either.left(new DatabaseRefused(refused)))
      assert.deepStrictEqual(yield* SentHeartbeats, [])
    }).pipe(onCertificates({ refuses: (operation) => operation === "CertificateStore.page" }))
  )
})
