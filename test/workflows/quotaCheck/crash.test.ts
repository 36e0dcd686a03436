import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { quotaCheckStories } from "./quotaCheck.stories.ts"

describe("checking quotas", () => crashMatrixTests(quotaCheckStories, { isFull }))
