import { defineConfig } from "vitest/config"
import { TotalsReporter } from "./test/support/stack/TotalsReporter.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "packages/*/{test,examples}/**/*.test.ts", "examples/**/*.test.ts"],
    // Child processes, not threads: a test that kills or crashes something must not take its neighbours along.
    pool: "forks",
    minWorkers: 1,
    maxWorkers: 2,
    // A guard against hangs, not a measure of speed: the slowest matrix takes seconds on two idle cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ["test/support/stack/endWithRunner.ts"],
    globalSetup: ["test/support/stack/globalSetup.ts"],
    reporters: ["default", new TotalsReporter()]
  }
})
