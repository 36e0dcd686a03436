import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { idlePreviewStories } from "../../support/workflows/idlePreviews.ts"

describe("idle previews", () => crashMatrixTests(idlePreviewStories, { isFull }))
