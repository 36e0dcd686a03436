import { assert, layer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { QuotaStore } from "../../src/services/quotaCheck/QuotaStore.ts"
import { columns, fourBytes, integersOf } from "../support/columns.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import type { Tables } from "../support/memory/Tables.ts"
import { World } from "../support/memory/World.ts"

const ofTable = (table: string) => columns.filter((column) => column.table === table)

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

    it.effect("finds those of the workspaces whose quota is above zero and at most so many requests", () =>
      Effect.gen(function* () {
        yield* (yield* World).clear
        for (const [id, limit] of [
          ["ws_d", 999],
          ["ws_c", 1000],
          ["ws_b", 1001],
          ["ws_a", 0],
          ["ws_e", null],
          ["ws_other", 1]
        ] as const)
          yield* seedWorkspace(id, limit)
        yield* seedWorkspace("ws_f", 3_000_000_000, { enabled: false })
        const store = yield* QuotaStore
        const asked = ["ws_a", "ws_b", "ws_c", "ws_d", "ws_e", "ws_f", "ws_?"]
        const found = (most: number) =>
          Effect.map(store.findLimited(asked, most), (rows) =>
            rows.map(({ enabled, requestsPerMonth, workspaceId }) => [workspaceId, requestsPerMonth, enabled])
          )
        assert.deepStrictEqual(yield* found(1000), [
          ["ws_c", 1000, true],
          ["ws_d", 999, true]
        ])
        assert.deepStrictEqual(yield* found(3_000_000_000), [
          ["ws_b", 1001, true],
          ["ws_c", 1000, true],
          ["ws_d", 999, true],
          ["ws_f", 3_000_000_000, false]
        ])
        assert.deepStrictEqual(yield* found(0), [])
        assert.deepStrictEqual(yield* store.findLimited([], 1000), [])
      })
    )

    for (const { name: column, width = 0 } of ofTable("workspaces").filter(({ width }) => width !== undefined))
      it.effect(`finds a workspace whose ${column} is filled with four-byte characters`, () =>
        Effect.gen(function* () {
          yield* (yield* World).clear
          const id = column === "id" ? fourBytes(width) : "ws_filled"
          // The column is one of the table's, and the value one that it takes.
          const filled = { [column]: fourBytes(width) } as Partial<Tables["workspaces"]>
          yield* seedWorkspace(id, 7, { slug: "filled", org_id: "org_filled", ...filled })
          const [found] = yield* (yield* QuotaStore).find([id])
          assert.deepInclude(found, { workspaceId: id, requestsPerMonth: 7 })
          const read = { org_id: found?.orgId, name: found?.name, tier: found?.tier }[column]
          if (read !== undefined) assert.strictEqual(read, fourBytes(width))
        })
      )

    for (const column of ofTable("quota"))
      for (const value of integersOf(column).filter(() => column.name !== "pk"))
        it.effect(`finds a workspace whose quota.${column.name} is ${value}`, () =>
          Effect.gen(function* () {
            const world = yield* World
            yield* world.clear
            yield* seedWorkspace("ws_odd", 7)
            // The column is one of the table's, and the value one that it takes.
            yield* world.update("quota", { workspace_id: "ws_odd" }, { [column.name]: value } as Partial<
              Tables["quota"]
            >)
            const [found] = yield* (yield* QuotaStore).find(["ws_odd"])
            assert.strictEqual(found?.requestsPerMonth, column.name === "requests_per_month" ? value : 7)
          })
        )
  })
