import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { routingStories } from "../../support/workflows/stories.ts"

describe("routing", () => crashMatrixTests(routingStories, { isFull }))
