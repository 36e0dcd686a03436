import { describe } from "@effect/vitest"
import { deployStories } from "../../support/workflows/stories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("deploy", () => withstandsEverything(deployStories))
