import { describe } from "@effect/vitest"
import { commitStories } from "../../support/workflows/buildStories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("commit statuses", () => withstandsEverything(commitStories))
