import { describe } from "@effect/vitest"
import { gitStories } from "../../../support/workflows/buildStories.ts"
import { withstandsEverything } from "../../../support/workflows/withstands.ts"

describe("a deploy from git", () => withstandsEverything(gitStories))
