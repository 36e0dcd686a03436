import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { certificateStories } from "./certificate.stories.ts"

describe("certificates", () => crashMatrixTests(certificateStories, { isFull }))
