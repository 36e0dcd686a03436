import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { deploymentStories } from "./deployment.stories.ts"

describe("deployment", () => crashMatrixTests(deploymentStories, { isFull }))
