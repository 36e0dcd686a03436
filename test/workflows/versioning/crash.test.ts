import { describe } from "@effect/vitest"
import { versioningStories } from "../../support/workflows/stories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("versioning", () => withstandsEverything(versioningStories))
