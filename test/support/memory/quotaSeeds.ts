import { Effect } from "effect"
import type { Tables } from "./Tables.ts"
import { World } from "./World.ts"

/** A workspace with a quota; `null`: without a row in `quota`. */
export const seedWorkspace = Effect.fnUntraced(function* (
  id: string,
  requestsPerMonth: number | null,
  columns: Partial<Tables["workspaces"]> = {}
) {
  const world = yield* World
  yield* world.insert("workspaces", { id, slug: id, k8s_namespace: null, ...columns })
  if (requestsPerMonth === null) return
  yield* world.insert("quota", { workspace_id: id, requests_per_month: requestsPerMonth, logs_retention_days: 7 })
})
