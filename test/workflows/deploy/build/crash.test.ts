import { describe } from "@effect/vitest"
import { isFull } from "../../../support/size.ts"
import { gitStories } from "../../../support/workflows/buildStories.ts"
import { crashMatrixTests } from "../../../support/workflows/crashMatrixTests.ts"

describe("a deploy from git", () => crashMatrixTests(gitStories, { isFull }))
