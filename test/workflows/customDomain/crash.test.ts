import { describe } from "@effect/vitest"
import { domainStories } from "../../support/workflows/domainStories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("custom domains", () => withstandsEverything(domainStories))
