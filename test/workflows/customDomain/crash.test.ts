import { describe } from "@effect/vitest"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { domainStories } from "../../support/workflows/domainStories.ts"

describe("custom domains", () => crashMatrixTests(domainStories))
