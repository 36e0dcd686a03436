import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { BuildSlotService } from "../../../src/contract/BuildSlotService.ts"
import { MemoryBuilder } from "../memory/MemoryBuilder.ts"
import { MemoryCa } from "../memory/MemoryCa.ts"
import { buildsAtOnce, ControlPlane } from "./ControlPlane.ts"
import { certifiedOf, countsOf, type DayOptions, isBusy, isDue, isFresh, previewOf } from "./daySeeds.ts"
import type { History } from "./invariants.ts"
import { rows } from "./queries.ts"
import { Upkeep } from "./Upkeep.ts"

/** The day as it goes: what was asked, and the domains with how they were set up. */
export interface Day extends History {
  readonly domains: Array<{ readonly name: string; readonly isEverRight: boolean }>
  deployments: number
}

/** No build runs, every slot is free again, and no workspace ever had more than its share. */
export const buildsHaveEnded = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  const builder = yield* MemoryBuilder
  assert.isEmpty(builder.runningAt(engine.time.now))
  for (const workspaceId of new Set(builder.runs.map(({ request }) => request.workspaceId))) {
    assert.deepStrictEqual(engine.stateOf(BuildSlotService.name, workspaceId), {}, workspaceId)
    assert.isAtMost(builder.peakOf(workspaceId), buildsAtOnce, workspaceId)
  }
})

/** A domain whose records became right is verified and has one certificate; any other has neither. */
export const domainsAreServed = ({ domains }: Day) =>
  Effect.gen(function* () {
    const { custom_domains, certificates: issued, frontline_routes } = yield* rows
    const { finalized } = yield* MemoryCa
    const statusOf = new Map(custom_domains.map((row) => [row.domain, row.verification_status]))
    const routed = new Set(frontline_routes.map((row) => row.fully_qualified_domain_name))
    const certified = new Set(issued.map(({ hostname }) => hostname))
    for (const { isEverRight, name } of domains) {
      const found = { status: statusOf.get(name), routed: routed.has(name), certified: certified.has(name) }
      const status: "verified" | "failed" = isEverRight ? "verified" : "failed"
      const wanted = { status, routed: isEverRight, certified: isEverRight }
      assert.deepStrictEqual(found, wanted, name)
      assert.strictEqual(finalized[name] ?? 0, isEverRight ? 1 : 0, `issuances for ${name}`)
    }
  })

/** Due certificates are renewed once and others not, keys are refilled, notices posted, and previews sleep that have no requests. */
export const upkeepIsDone = (options: DayOptions) =>
  Effect.gen(function* () {
    const { previews, certificates: certified, exceeded } = countsOf(options)
    const { deployments, keys } = yield* rows
    const { finalized, orders } = yield* MemoryCa
    for (const nth of certified) {
      const name = certifiedOf(nth)
      assert.isAtMost(orders[name] ?? 0, 1, `orders for ${name}`)
      if (isDue(nth)) assert.strictEqual(finalized[name], 1, `${name} is renewed once`)
      if (isFresh(nth)) assert.isUndefined(orders[name], `${name} is not due`)
    }
    for (const { id, remaining_requests } of keys) assert.strictEqual(remaining_requests, 100, id)
    // A worker that crashes after Slack took a notice and before that is recorded sends it again.
    const noticed = new Set((yield* Upkeep).notices.map(({ workspaceId }) => workspaceId))
    assert.strictEqual(noticed.size, exceeded.length)
    const stateOf = new Map(deployments.map((row) => [row.id, row.desired_state]))
    for (const nth of previews)
      assert.strictEqual(stateOf.get(previewOf(nth)), isBusy(nth) ? "running" : "standby", previewOf(nth))
  })
