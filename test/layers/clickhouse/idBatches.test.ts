import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { idBatches } from "../../../src/layers/clickhouse/idBatches.ts"

const deploymentOf = (deploymentId: string) => ({
  workspaceId: "ws_3kq8vx1n5c7m2w9t",
  projectId: "proj_3kq8vx1n5c7m2w9t",
  environmentId: "env_3kq8vx1n5c7m2w9t",
  deploymentId
})

/** As ClickHouse's client writes a list. */
const written = (ids: ReadonlyArray<string>) =>
  `[${ids.map((id) => `'${id.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`).join(",")}]`

describe("the batches of deployments that ClickHouse is asked for", () => {
  it("are one for a page of usual ids", () => {
    const page = Array.from({ length: 2000 }, (_, nth) => deploymentOf(`d_${String(nth).padStart(16, "0")}`))
    assert.deepStrictEqual(idBatches(page), [page])
  })

  it("look at nothing but the ids", () => {
    const preview = { ...deploymentOf("d_1"), ordinal: 7 }
    assert.deepStrictEqual(idBatches([preview]), [[preview]])
  })

  it("hold every deployment once, in order, in parameters of at most 128 KiB, whatever the ids are made of", () => {
    const id = fc.string({ unit: fc.constantFrom("a", "'", "\\", "😀"), minLength: 1, maxLength: 255 })
    fc.assert(
      fc.property(fc.array(id, { maxLength: 2000, size: "max" }), (ids) => {
        const page = ids.map(deploymentOf)
        const batches = idBatches(page)
        assert.deepStrictEqual(batches.flat(), page)
        for (const batch of batches)
          assert.isAtMost(Buffer.byteLength(written(batch.map(({ deploymentId }) => deploymentId))), 128 * 1024)
      }),
      { numRuns: 20 }
    )
  })
})
