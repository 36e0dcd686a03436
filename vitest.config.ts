import { defineConfig } from "vitest/config"
import { TotalsReporter } from "./test/support/stack/TotalsReporter.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Child processes, not threads: a test that kills or crashes something must not take its neighbours along.
    pool: "forks",
    minWorkers: 1,
    maxWorkers: 2,
    // Suites on the real stack start servers and wait for them; virtual time makes the others finish far earlier.
    testTimeout: 30_000,
    hookTimeout: 120_000,
    setupFiles: ["test/support/stack/endWithRunner.ts"],
    globalSetup: ["test/support/stack/globalSetup.ts"],
    reporters: ["default", new TotalsReporter()]
  }
})
