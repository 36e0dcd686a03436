import { describe } from "@effect/vitest"
import { switchStories } from "../../support/workflows/stories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("deploy", () => withstandsEverything(switchStories))
