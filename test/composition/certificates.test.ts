import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { infrastructureDomains } from "../../src/composition/certificates.ts"

describe("the platform's own wildcards", () => {
  it("are the one of the default domain, and one for each region below the regional domain", () => {
    const apexes = { defaultDomain: "unkey.test", availableRegions: ["eu.aws", "us.aws"] }
    assert.deepStrictEqual(infrastructureDomains({ ...apexes, regionalDomain: Option.none() }), ["*.unkey.test"])
    assert.deepStrictEqual(infrastructureDomains({ ...apexes, regionalDomain: Option.some("regional.test") }), [
      "*.unkey.test",
      "*.eu.aws.regional.test",
      "*.us.aws.regional.test"
    ])
  })
})
