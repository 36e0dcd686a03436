import { describe } from "@effect/vitest"
import { deploymentStories } from "../../support/workflows/stories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("deployment", () => withstandsEverything(deploymentStories))
