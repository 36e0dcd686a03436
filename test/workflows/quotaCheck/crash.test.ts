import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { quotaCheckStories } from "../../support/workflows/upkeepStories.ts"

describe("checking quotas", () => crashMatrixTests(quotaCheckStories, { isFull }))
