import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { infrastructureDomains, platformZones } from "../../src/composition/certificates.ts"
import { named } from "../support/named.ts"

describe("the platform's own wildcards", () => {
  it("are the one of the default domain, and one for each region below the regional domain", () => {
    const apexes = { defaultDomain: named("unkey.test"), availableRegions: ["eu.aws", "us.aws"] }
    assert.deepStrictEqual(infrastructureDomains({ ...apexes, regionalDomain: Option.none() }), [named("*.unkey.test")])
    assert.deepStrictEqual(infrastructureDomains({ ...apexes, regionalDomain: Option.some(named("regional.test")) }), [
      named("*.unkey.test"),
      named("*.eu.aws.regional.test"),
      named("*.us.aws.regional.test")
    ])
  })

  it("leave out a region whose name is no part of a domain name, and every host of the platform is in its zones", () => {
    const apexes = { defaultDomain: named("unkey.test"), availableRegions: ["eu.aws", "us_aws", "*"] }
    const regional = { ...apexes, regionalDomain: Option.some(named("regional.test")) }
    assert.deepStrictEqual(infrastructureDomains(regional), [named("*.unkey.test"), named("*.eu.aws.regional.test")])
    assert.deepStrictEqual(platformZones(regional), [named("unkey.test"), named("regional.test")])
    assert.deepStrictEqual(platformZones({ ...apexes, regionalDomain: Option.none() }), [named("unkey.test")])
  })
})
