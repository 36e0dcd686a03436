import { Effect } from "effect"
import type { Tables } from "./Tables.ts"
import { World } from "./World.ts"

/** A key that is due every day and has used up all of its requests, unless told otherwise. */
export const seedKey = Effect.fnUntraced(function* (id: string, columns: Partial<Tables["keys"]> = {}) {
  const world = yield* World
  yield* world.insert("keys", {
    id,
    key_auth_id: "ks_shop",
    hash: `hash of ${id}`,
    start: "sk_",
    workspace_id: "ws_shop",
    name: null,
    enabled: true,
    refill_day: null,
    refill_amount: 100,
    remaining_requests: 0,
    last_refill_at: null,
    updated_at_m: null,
    deleted_at_m: null,
    ...columns
  })
})

export const keyRow = (id: string) =>
  Effect.flatMap(World, (world) =>
    Effect.flatMap(world.dump, ({ keys }) => Effect.orDie(Effect.fromNullable(keys.find((row) => row.id === id))))
  )
