import { describe } from "@effect/vitest"
import { clickhouseUserStories } from "../../support/workflows/clickhouseUsers.ts"
import { withstandsEverything } from "../../support/workflows/withstands.ts"

describe("an analytics login", () => withstandsEverything(clickhouseUserStories))
