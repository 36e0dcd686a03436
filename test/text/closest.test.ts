import { assert, describe, it } from "@effect/vitest"
import { closest } from "../../src/text/closest.ts"

const known = ["status", "serve", "restate.admin_url", "WORKER_DATABASE_PRIMARY"]

describe("the closest known name", () => {
  it("is the one with a letter too many, too few, another or swapped", () => {
    for (const name of ["statuss", "staus", "stetus", "statsu"])
      assert.strictEqual(closest(name, known), "status", name)
    assert.strictEqual(closest("restate.admin_uri", known), "restate.admin_url")
    assert.strictEqual(closest("WORKER_DATABASE_PRIMARI", known), "WORKER_DATABASE_PRIMARY")
  })

  it("is none for a name that is like no other, or longer than any", () => {
    for (const name of ["", "bogus", "x".repeat(100_000)]) assert.isUndefined(closest(name, known), name.slice(0, 9))
  })
})
