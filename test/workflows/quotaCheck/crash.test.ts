import { describe } from "@effect/vitest"
import { quotaCheckStories } from "../../support/workflows/upkeepStories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("checking quotas", () => withstandsEverything(quotaCheckStories))
