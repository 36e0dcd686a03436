import { describe } from "@effect/vitest"
import { routingStories } from "../../support/workflows/stories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("routing", () => withstandsEverything(routingStories))
