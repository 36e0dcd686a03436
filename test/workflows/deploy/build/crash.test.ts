import { describe } from "@effect/vitest"
import { isFull } from "../../../support/size.ts"
import { crashMatrixTests } from "../../../support/workflows/crashMatrixTests.ts"
import { gitStories } from "../../builds/builds.stories.ts"

describe("a deploy from git", () => crashMatrixTests(gitStories, { isFull }))
