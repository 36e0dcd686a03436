import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { commitStories } from "../../support/workflows/buildStories.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"

describe("commit statuses", () => crashMatrixTests(commitStories, { isFull }))
