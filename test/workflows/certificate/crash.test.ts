import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { certificateStories } from "../../support/workflows/certificateStories.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"

describe("certificates", () => crashMatrixTests(certificateStories, { isFull }))
