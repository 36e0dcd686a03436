import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { domainProofStories } from "../../support/workflows/domainProofStories.ts"

describe("proofs of domains", () => crashMatrixTests(domainProofStories, { isFull }))
