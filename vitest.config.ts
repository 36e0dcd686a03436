import { globSync, readFileSync } from "node:fs"
import { argv, env } from "node:process"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import { defineConfig } from "vitest/config"
import { LongestFirst } from "./test/support/stack/LongestFirst.ts"
import { TotalsReporter } from "./test/support/stack/TotalsReporter.ts"
import { watchTriggers } from "./test/support/watchTriggers.ts"

/** Files that start servers and processes. */
const onServers = [
  "test/{cli,deploy,dev,e2e,image,main,migrations,observability,stack}/**/*.test.ts",
  "test/composition/{acme,clickhouse}.test.ts",
  "test/console/page/**/*.test.ts",
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

const isFull = env.TEST_SIZE === "full"
const include = isFull ? largerInFull() : everything
const ofThisSize = (patterns: Array<string>) =>
  isFull ? globSync(patterns).filter((file) => include.includes(file)) : patterns

// Processes, threads and the programs that they start keep what V8 compiled for the next of them, and for the next run.
env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url))

/**
 * A run lets Node load the sources, as the worker does: Vite would transform each once per project, and compile it in every
 * process. A watch needs Vite's loader, which can load a changed file again. Vitest runs setup files for every test file.
 */
const loadedByNode = argv.includes("run")
  ? {
      external: [/\/(src|dev|test|examples)\/.*(?<!\.test)\.ts$/],
      inline: [/\/(sharedIt|endWithRunner|keepCompiled)\.ts$/]
    }
  : {}

// A run of a workflow leaves nothing behind: with more space for new objects a collection copies less of what is about to end.
const forNewObjects = ["--min-semi-space-size=64", "--max-semi-space-size=128"]
// Threads that start later have them.
for (const flag of forNewObjects) setFlagsFromString(flag)

export default defineConfig({
  test: {
    server: { deps: loadedByNode },
    minWorkers: 1,
    maxWorkers: 2,
    // A guard against hangs, not a measure of speed: the slowest matrix of a full run takes a minute on two idle cores.
    testTimeout: isFull ? 600_000 : 120_000,
    hookTimeout: 120_000,
    reporters: ["default", new TotalsReporter()],
    // An answer that is not the expected one is shown with its reason.
    chaiConfig: { truncateThreshold: 1000 },
    // What starts servers waits more than it computes. A fixed number: Tinypool fails when it ends two that are idle.
    poolOptions: {
      threads: { isolate: false },
      forks: { isolate: false, minForks: 4, maxForks: 4, execArgv: ["--max-semi-space-size=64"] }
    },
    sequence: { sequencer: LongestFirst },
    watchTriggerPatterns: watchTriggers,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include,
          exclude: [...onServers, ...(isFull ? [] : [fullOnly])],
          pool: "threads",
          setupFiles: ["test/support/keepCompiled.ts", "test/support/sharedIt.ts"]
        }
      },
      {
        extends: true,
        test: {
          name: "servers",
          include: ofThisSize(onServers),
          exclude: isFull ? [] : [fullOnly],
          // Child processes, not threads: servers are stopped when the process that started them ends.
          pool: "forks",
          setupFiles: [
            "test/support/stack/endWithRunner.ts",
            "test/support/keepCompiled.ts",
            "test/support/sharedIt.ts"
          ],
          globalSetup: ["test/support/stack/globalSetup.ts"]
        }
      }
    ]
  }
})
