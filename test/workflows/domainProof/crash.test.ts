import { describe } from "@effect/vitest"
import { domainProofStories } from "../../support/workflows/domainProofStories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("proofs of domains", () => withstandsEverything(domainProofStories))
