import { describe } from "@effect/vitest"
import { isFull } from "../../support/size.ts"
import { clickhouseUserStories } from "../../support/workflows/clickhouseUsers.ts"
import { crashMatrixTests } from "../../support/workflows/crashMatrixTests.ts"

describe("an analytics login", () => crashMatrixTests(clickhouseUserStories, { isFull }))
