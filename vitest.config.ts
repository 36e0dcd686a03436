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

/** Of these the files that keep no state in a module: loading the modules takes longer than most of them run. */
const sharedModules = ["test/{cli,e2e,main,migrations}/**/*.test.ts"]

const everything = ["test/**/*.test.ts", "packages/*/{test,examples}/**/*.test.ts", "examples/**/*.test.ts"]
const fullOnly = "**/*.full.test.ts"

/** What `npm test` leaves out: files of that name, and those whose tests have a larger size. */
const largerInFull = () =>
  globSync(everything).filter(
    (file) => file.endsWith(".full.test.ts") || /\b(sized\(|isFull\b)/.test(readFileSync(file, "utf8"))
  )

const isFull = process.env.TEST_SIZE === "full"
const include = isFull ? largerInFull() : everything
const ofThisSize = (patterns: Array<string>) =>
  isFull ? globSync(patterns).filter((file) => include.includes(file)) : patterns

/** Child processes, not threads: a test that kills or crashes something must not take its neighbours along. */
const onServersProject = (name: string, files: Array<string>, others: Array<string>, isolate: boolean) => ({
  extends: true as const,
  test: {
    name,
    include: ofThisSize(files),
    exclude: [...others, ...(isFull ? [] : [fullOnly])],
    pool: "forks" as const,
    poolOptions: { forks: { isolate } },
    setupFiles: ["test/support/stack/endWithRunner.ts", ...(isolate ? [] : ["test/support/sharedIt.ts"])],
    globalSetup: ["test/support/stack/globalSetup.ts"]
  }
})

export default defineConfig({
  test: {
    minWorkers: 1,
    maxWorkers: 2,
    // A guard against hangs, not a measure of speed: the slowest matrix takes seconds on two idle cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", new TotalsReporter()],
    poolOptions: { threads: { isolate: false } },
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
      onServersProject("servers", onServers, sharedModules, true),
      onServersProject("stack", sharedModules, [], false)
    ]
  }
})
