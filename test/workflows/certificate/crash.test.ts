import { describe } from "@effect/vitest"
import { certificateStories } from "../../support/workflows/certificateStories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("certificates", () => withstandsEverything(certificateStories))
