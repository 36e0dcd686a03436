import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { domainStories } from "./customDomain.stories.ts"

describe("custom domains", () => crashMatrixTests(domainStories, { isFull }))
