import { assert, layer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { IdlePreviewStore } from "../../src/services/idlePreviews/IdlePreviewStore.ts"
import { namesOf, seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import type { Tables } from "../support/memory/Tables.ts"
import type { World } from "../support/memory/World.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const idleSince = seededAt + 10_000
const { previewId, productionId, projectId, workspaceId } = namesOf("shop")

const seedPreview = (id: string, columns: Partial<Tables["deployments"]> = {}) =>
  seedDeployment("shop", id, { environment_id: previewId, status: "ready", created_at: idleSince - 1, ...columns })

const all = (store: IdlePreviewStore["Type"]) =>
  Effect.map(store.page({ idleSince, after: 0, limit: 100 }), ({ next, previews }) => {
    assert.isNull(next)
    return previews.map((it) => it.deploymentId)
  })

const seed = seedProject("shop", { project: { live_deployment_id: "d_live" } })

/** What every implementation of `IdlePreviewStore` promises. */
export const idlePreviewStoreContract = <E>(name: string, stores: Layer.Layer<IdlePreviewStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`IdlePreviewStore: ${name}`, (it) => {
    const guarantee = guaranteesOf(it, IdlePreviewStore, seed)

    guarantee("a quiet preview is found with the ids its traffic is recorded under", (store) =>
      Effect.gen(function* () {
        yield* seedPreview("d_1")
        const { next, previews } = yield* store.page({ idleSince, after: 0, limit: 100 })
        assert.deepStrictEqual(
          previews.map(({ ordinal: _, ...ids }) => ids),
          [{ workspaceId, projectId, environmentId: previewId, deploymentId: "d_1" }]
        )
        assert.isNull(next)
      })
    )

    const others: Readonly<Record<string, Partial<Tables["deployments"]>>> = {
      "[W33] one that is on standby already": { desired_state: "standby" },
      "one that is archived": { desired_state: "archived" },
      "one that is still being deployed": { status: "deploying" },
      "one that failed": { status: "failed" },
      "one of production": { environment_id: productionId },
      "one of an environment that is gone": { environment_id: "env_gone" },
      "one of a project that is gone": { project_id: "proj_gone" },
      "one created at the very moment": { created_at: idleSince },
      "one that was changed since": { updated_at: idleSince },
      "[W33] the live deployment, wherever it runs": { id: "d_live" }
    }
    for (const [what, columns] of Object.entries(others))
      guarantee(`not among the quiet previews: ${what}`, (store) =>
        Effect.gen(function* () {
          yield* seedPreview("d_quiet", { updated_at: idleSince - 1 })
          yield* seedPreview(columns.id ?? "d_other", columns)
          assert.deepStrictEqual(yield* all(store), ["d_quiet"])
        })
      )

    guarantee("a page can begin behind any quiet preview of the one before it", (store) =>
      Effect.gen(function* () {
        const ids = Array.from({ length: 5 }, (_, nth) => `d_${nth}`)
        yield* Effect.forEach(ids, (id) => seedPreview(id))
        const { previews } = yield* store.page({ idleSince, after: 0, limit: 100 })
        for (const [nth, { ordinal }] of previews.entries()) {
          const behind = yield* store.page({ idleSince, after: ordinal, limit: 100 })
          assert.deepStrictEqual(
            behind.previews.map(({ deploymentId }) => deploymentId),
            ids.slice(nth + 1)
          )
        }
        assert.lengthOf(previews, 5)
      })
    )

    guarantee("pages follow each other without a gap or a repeat, also where they hold nothing wanted", (store) =>
      Effect.gen(function* () {
        const ids = Array.from({ length: 9 }, (_, nth) => `d_${nth}`)
        yield* Effect.forEach(ids, (id, nth) =>
          // The third, fourth and fifth form a page without a preview.
          seedPreview(id, nth >= 3 && nth < 6 ? { environment_id: productionId } : {})
        )
        const pages: Array<ReadonlyArray<string>> = []
        for (let after: number | null = 0; after !== null; ) {
          const { next, previews }: Effect.Effect.Success<ReturnType<typeof store.page>> = yield* store.page({
            idleSince,
            after,
            limit: 3
          })
          pages.push(previews.map((it) => it.deploymentId))
          after = next
        }
        assert.deepStrictEqual(pages, [["d_0", "d_1", "d_2"], [], ["d_6", "d_7", "d_8"], []])
      })
    )
  })
