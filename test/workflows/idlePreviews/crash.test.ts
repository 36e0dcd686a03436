import { describe } from "@effect/vitest"
import { idlePreviewStories } from "../../support/workflows/idlePreviews.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("idle previews", () => withstandsEverything(idlePreviewStories))
