import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { versioningStories } from "../../support/workflows/stories.ts"

describe("versioning", () => crashMatrixTests(versioningStories, { isFull }))
