import { relative } from "node:path"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Files that wait for most of a minute, mostly for times of the product: begun last, they would end alone. */
const longest = [
  "test/e2e/certificateProblems.test.ts",
  "test/e2e/builds.test.ts",
  "test/layers/builder/sourceDenials.test.ts",
  "packages/effect-restate/test/server/semantics.0s.test.ts",
  "packages/effect-restate/test/server/semantics.1m.test.ts",
  "test/e2e/drain.test.ts",
  "test/e2e/certificateCrash.test.ts",
  "test/layers/acme/pebble.test.ts",
  "test/stack/Lifetime.test.ts",
  "test/cli/migrate.test.ts"
]

/** Vitest knows durations from an earlier run only. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>) {
    const isLong = ({ moduleId }: TestSpecification) => longest.includes(relative(this.ctx.config.root, moduleId))
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
