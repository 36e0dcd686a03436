import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { columns, fourBytes } from "../../support/columns.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { World } from "../../support/memory/World.ts"
import { advance, ControlPlane, outage } from "../../support/workflows/ControlPlane.ts"
import { domain, domainRow, verifyDomain, withDomain, withDomains } from "../../support/workflows/CustomDomains.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

const day = 86_400_000

/** What the API writes of a domain besides its name, which has rules of its own. */
const texts = columns.filter(
  ({ name, table, width }) => table === "custom_domains" && width !== undefined && name !== "domain"
)

/** The owner has published what the row asks for, and a run takes its day. */
const verified = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  const dns = yield* MemoryDns
  const row = yield* domainRow
  yield* dns.set("TXT", `_unkey.${domain}`, [`unkey-domain-verify=${row.verification_token}`])
  yield* dns.set("CNAME", domain, [row.target_cname])
  yield* verifyDomain
  yield* advance(600_000)
  yield* outage(day)
  yield* advance(day)
  assert.deepStrictEqual(unfinished(engine), [])
  return yield* domainRow
})

describe("a verification of a row as the API may have written it", () => {
  for (const { name, width = 0 } of texts)
    it.effect(`ends within a day when custom_domains.${name} is filled with four-byte characters`, () =>
      Effect.gen(function* () {
        // The column is one of the table's, and the value one that it takes.
        yield* withDomain({ [name]: fourBytes(width) } as Partial<Tables["custom_domains"]>)
        const row = yield* verified
        assert.include(["verified", "failed"], row.verification_status)
        if (row.verification_status === "failed") assert.notStrictEqual(row.verification_error ?? "", "")
      }).pipe(withDomains())
    )

  it.effect("ends within a day when its workspace's id is as long as the columns that hold it", () =>
    Effect.gen(function* () {
      yield* withDomain()
      const world = yield* World
      const workspace_id = fourBytes(256)
      yield* world.update("workspaces", { id: "ws_shop" }, { id: workspace_id })
      yield* world.update("projects", { id: "proj_shop" }, { workspace_id })
      yield* world.update("custom_domains", { domain }, { workspace_id })
      const row = yield* verified
      assert.notStrictEqual(row.verification_error ?? "", "")
    }).pipe(withDomains())
  )
})
