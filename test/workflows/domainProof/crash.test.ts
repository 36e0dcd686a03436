import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"
import { domainProofStories } from "./domainProof.stories.ts"

describe("proofs of domains", () => crashMatrixTests(domainProofStories, { isFull }))
