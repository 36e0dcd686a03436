import { assert, describe, it } from "@effect/vitest"
import { implementations } from "../../src/composition/implementations.ts"
import { contracts } from "../docs/contracts.ts"

describe("the services of a worker", () => {
  it("are those of src/contract, each implemented once", () => {
    assert.isAtLeast(contracts.length, 13)
    const implemented = implementations.map(({ contract }) => contract)
    assert.sameMembers(
      implemented.map(({ name }) => name),
      contracts.map(({ name }) => name),
      "add the workflows of each contract in src/contract to alwaysServed in src/composition/implementations.ts"
    )
    for (const contract of implemented) assert.include(contracts, contract)
  })
})
