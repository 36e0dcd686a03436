import { describe } from "@effect/vitest"
import { clickhouseUserStories } from "../../support/workflows/clickhouseUsers.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"

describe("an analytics login", () => crashMatrixTests(clickhouseUserStories))
