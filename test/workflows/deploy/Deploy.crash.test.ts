import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { deployStories } from "./deploy.stories.ts"

describe("deploy", () => crashMatrixTests(deployStories, { isFull }))
