import { globSync, readFileSync } from "node:fs"
import { defineConfig } from "vitest/config"
import { TotalsReporter } from "./test/support/stack/TotalsReporter.ts"

/** Files that start servers and processes. All others run in one process per core, which shares its modules. */
const onServers = [
  "test/{cli,deploy,dev,e2e,image,main,migrations,observability,stack}/**/*.test.ts",
  "test/composition/{acme,clickhouse}.test.ts",
  "test/contract/schedules.test.ts",
  "test/layers/{acme,builder,clickhouse,dns,github,mysql,outbound,restateAdmin,vault}/**/*.test.ts",
  "test/layers/InvocationWatch.test.ts",
  "test/workflows/builds/server.test.ts",
  "packages/effect-restate/test/{conformance,crash,release,server}/**/*.test.ts",
  "packages/effect-restate/test/{Endpoint,Http2Exchange,Listener,connectionBounds,lint,refusals}.test.ts",
  "examples/maintenance/served.test.ts"
]

const everything = ["test/**/*.test.ts", "packages/*/{test,examples}/**/*.test.ts", "examples/**/*.test.ts"]
const fullOnly = "**/*.full.test.ts"

/** What `npm test` leaves out: files of that name, and those whose tests have a larger size. */
const largerInFull = () =>
  globSync(everything).filter(
    (file) => file.endsWith(".full.test.ts") || /\b(sized\(|isFull\b)/.test(readFileSync(file, "utf8"))
  )

const isFull = process.env.TEST_SIZE === "full"
const include = isFull ? largerInFull() : everything
const servers = isFull ? globSync(onServers).filter((file) => include.includes(file)) : onServers

export default defineConfig({
  test: {
    minWorkers: 1,
    maxWorkers: 2,
    // A guard against hangs, not a measure of speed: the slowest matrix takes seconds on two idle cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", new TotalsReporter()],
    poolOptions: { threads: { isolate: false }, forks: { isolate: true } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include,
          exclude: [...onServers, ...(isFull ? [] : [fullOnly])],
          pool: "threads",
          setupFiles: ["test/support/sharedIt.ts"]
        }
      },
      {
        extends: true,
        test: {
          name: "servers",
          include: servers,
          exclude: isFull ? [] : [fullOnly],
          // Child processes, not threads: a test that kills or crashes something must not take its neighbours along.
          pool: "forks",
          setupFiles: ["test/support/stack/endWithRunner.ts"],
          globalSetup: ["test/support/stack/globalSetup.ts"]
        }
      }
    ]
  }
})
