import { describe } from "@effect/vitest"
import { commitStories } from "../../support/workflows/buildStories.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"

describe("commit statuses", () => crashMatrixTests(commitStories))
