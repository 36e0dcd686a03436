import { describe } from "@effect/vitest"
import { slotStories } from "../../support/workflows/buildStories.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"

describe("build slots", () => crashMatrixTests(slotStories))
