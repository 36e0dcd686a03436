import { describe } from "@effect/vitest"
import { gitStories } from "../../../support/workflows/buildStories.ts"
import { crashMatrixTests } from "../../../support/workflows/crashMatrixTests.ts"

describe("a deploy from git", () => crashMatrixTests(gitStories))
