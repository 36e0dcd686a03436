import { describe } from "@effect/vitest"
import { keyRefillStories } from "../../support/workflows/upkeepStories.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("refilling keys", () => withstandsEverything(keyRefillStories))
