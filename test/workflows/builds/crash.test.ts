import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { slotStories } from "./builds.stories.ts"

describe("build slots", () => crashMatrixTests(slotStories, { isFull }))
