import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { columns, fourBytes, integersOf } from "../../support/columns.ts"
import { MemoryUsage } from "../../support/memory/MemoryUsage.ts"
import { seedWorkspace } from "../../support/memory/quotaSeeds.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { unfinished } from "../../support/workflows/scenario.ts"
import { runCheck, Upkeep, withUpkeep } from "../../support/workflows/Upkeep.ts"

const month = "2030-01"
const ofTable = (table: string) => columns.filter((column) => column.table === table)
const texts = ofTable("workspaces").filter(({ width }) => width !== undefined)
const numbers = ofTable("quota").flatMap((column) => integersOf(column).map((value) => [column.name, value] as const))

/** One check of the month, over workspaces that have used a thousand requests each. Answers with those that were told. */
const toldOf = (...workspaceIds: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const { use } = yield* MemoryUsage
    for (const id of workspaceIds) use(2030, 1, id, 1000)
    const answer = yield* runCheck(month)
    assert.deepStrictEqual(unfinished(engine), [])
    const { notices } = yield* Upkeep
    assert.deepStrictEqual(
      Either.map(answer, ({ notificationsSent, workspacesChecked }) => [workspacesChecked, notificationsSent]),
      Either.right([workspaceIds.length, notices.length])
    )
    return notices.map(({ workspaceId }) => workspaceId)
  })

describe("a quota check of rows as the API may have written them", () => {
  for (const { name, width = 0 } of texts)
    it.effect(`tells the workspace whose ${name} is filled with four-byte characters, and the one beside it`, () =>
      Effect.gen(function* () {
        // The column is one of the table's, and the value one that it takes.
        const filled = { [name]: fourBytes(width) } as Partial<Tables["workspaces"]>
        const id = name === "id" ? fourBytes(width) : "ws_filled"
        yield* seedWorkspace("ws_plain", 10)
        yield* seedWorkspace(id, 10, { slug: "filled", ...filled })
        assert.sameMembers(yield* toldOf("ws_plain", id), ["ws_plain", id])
      }).pipe(on(withUpkeep()))
    )

  for (const [name, value] of numbers)
    it.effect(`tells the workspace beside one whose quota.${name} is ${value}`, () =>
      Effect.gen(function* () {
        yield* seedWorkspace("ws_odd", 0)
        yield* seedWorkspace("ws_plain", 10)
        const world = yield* World
        // The column is one of the table's, and the value one that it takes.
        yield* world.update("quota", { workspace_id: "ws_odd" }, { [name]: value } as Partial<Tables["quota"]>)
        const isExceeded = name === "requests_per_month" && value > 0 && value <= 1000
        assert.sameMembers(yield* toldOf("ws_odd", "ws_plain"), isExceeded ? ["ws_odd", "ws_plain"] : ["ws_plain"])
      }).pipe(on(withUpkeep()))
    )
})
