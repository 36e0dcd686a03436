import { describe } from "@effect/vitest"
import { slotStories } from "../../support/workflows/buildStories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("build slots", () => withstandsEverything(slotStories))
