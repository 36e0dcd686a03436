import { describe } from "@effect/vitest"
import { isFull } from "../support/size.ts"
import { crashMatrixTests } from "../support/workflows/crashMatrixTests.ts"
import { ownCrashTests, storyGroups } from "../support/workflows/storyGroups.ts"

/** A group whose matrix takes more than seconds has a crash.test.ts beside its stories, which runs beside this file. */
for (const { name, stories } of storyGroups.filter((group) => !ownCrashTests.includes(group.name)))
  describe(name, () => crashMatrixTests(stories, { isFull }))
