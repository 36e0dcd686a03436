import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { Rows } from "../../support/memory/Tables.ts"
import { World } from "../../support/memory/World.ts"
import { dashboardProblems } from "./dashboard.ts"
import { frontlineProblems } from "./frontline.ts"
import { kraneProblems } from "./krane.ts"

/** Everything in these rows that krane, the cluster behind it, frontline or the dashboard would refuse or misread. */
export const misreadings = (rows: Rows): ReadonlyArray<string> => [
  ...kraneProblems(rows),
  ...frontlineProblems(rows),
  ...dashboardProblems(rows)
]

/** All that is stored can be read by those it is written for. Holds when no command is under way. */
export const everythingIsReadable = Effect.flatMap(World, (world) => world.dump).pipe(
  Effect.map((rows) => assert.deepStrictEqual(misreadings(rows), []))
)
