import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { keyRefillStories } from "./keyRefill.stories.ts"

describe("refilling keys", () => crashMatrixTests(keyRefillStories, { isFull }))
