import { assert, layer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { QuotaStore } from "../../src/services/QuotaStore.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import { World } from "../support/memory/World.ts"

/** What every implementation of `QuotaStore` promises. */
export const quotaStoreContract = <E>(name: string, stores: Layer.Layer<QuotaStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`QuotaStore: ${name}`, (it) => {
    it.effect(
      "finds the workspaces that exist, in the order of ids, with what their quota is or that there is none",
      () =>
        Effect.gen(function* () {
          yield* (yield* World).clear
          yield* seedWorkspace("ws_b", 3_000_000_000, {
            org_id: "org_1",
            name: "Shöp",
            stripe_customer_id: "cus_1",
            tier: "Pro"
          })
          yield* seedWorkspace("ws_a", null, { enabled: false, tier: null })
          yield* seedWorkspace("ws_c", 0)
          yield* seedWorkspace("ws_d", 5)
          const store = yield* QuotaStore
          const untold = { name: "", stripeCustomerId: null, tier: "Free", enabled: true }
          assert.deepStrictEqual(yield* store.find(["ws_c", "ws_?", "ws_b", "ws_a"]), [
            { ...untold, workspaceId: "ws_a", orgId: "org_ws_a", tier: null, enabled: false, requestsPerMonth: null },
            {
              workspaceId: "ws_b",
              orgId: "org_1",
              name: "Shöp",
              stripeCustomerId: "cus_1",
              tier: "Pro",
              enabled: true,
              requestsPerMonth: 3_000_000_000
            },
            { ...untold, workspaceId: "ws_c", orgId: "org_ws_c", requestsPerMonth: 0 }
          ])
          assert.deepStrictEqual(yield* store.find([]), [])
        })
    )
  })
