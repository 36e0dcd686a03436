import * as http from "node:http"
import { cpus, loadavg } from "node:os"
import { Effect, Layer } from "effect"
import { Ingress } from "effect-restate/ingress"
import { krane } from "../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../dev/simulators/SimulatorDatabase.ts"
import { type SeededProject, seedDeployment, seedProject } from "../dev/simulators/seed.ts"
import { runCommand } from "../dev/stack/Command.ts"
import { mySqlServer } from "../dev/stack/MySqlServer.ts"
import { RestateServer, restateServer } from "../dev/stack/RestateServer.ts"
import { RunDirectoryLive } from "../dev/stack/RunDirectory.ts"
import { ownDatabase, productionWorker, region, timedDeploy } from "./deploys.ts"
import { writeHealth } from "./resultsFile.ts"
import { pairedRatios, type Spread, spread } from "./statistics.ts"

// What a deploy takes while strangers ask for probes, against what it takes without them, in one run.

const rounds = 10
/** Of each kind in a round, one after the other. */
const deploys = 3
const requestsPerSecond = 500
const connections = 200
const ticksPerSecond = 20

interface Answers {
  asked: number
  ok: number
  unready: number
  failed: number
}

/** Asks from the start to the end of the scope, whether or not it is answered. */
const flood = (url: string, seen: Answers) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
      const ask = (): void => {
        seen.asked += 1
        http
          .get(url, { agent }, (response) => {
            if (response.statusCode === 200) seen.ok += 1
            else seen.unready += 1
            response.resume()
          })
          .on("error", () => {
            seen.failed += 1
          })
      }
      const timer = setInterval(() => {
        for (let request = 0; request < requestsPerSecond / ticksPerSecond; request++) ask()
      }, 1000 / ticksPerSecond)
      return { agent, timer }
    }),
    ({ agent, timer }) =>
      Effect.sync(() => {
        clearInterval(timer)
        agent.destroy()
      })
  )

/** The mean of some deploys, one after the other. */
const deployMillis = (project: SeededProject) =>
  Effect.gen(function* () {
    let sum = 0
    for (let each = 0; each < deploys; each++) {
      const deploymentId = yield* seedDeployment(project)
      sum += yield* timedDeploy({ project, deploymentId })
    }
    return sum / deploys
  })

const describe = ({ lower, median, upper }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${lower.toFixed(digits)} - ${upper.toFixed(digits)})`

/** Everything runs beside everything else: without the load the numbers say little. */
const machine = (): string =>
  `The machine has ${cpus().length} processors, and had a load average of ${loadavg()[2]?.toFixed(1)} over the last quarter of an hour.`

const measure = (url: string) =>
  Effect.gen(function* () {
    const project = yield* seedProject({ workspaceSlug: "bench-health", projectSlug: "app" })
    yield* deployMillis(project)
    const quiet: Array<number> = []
    const paths = ["/health/live", "/health/ready"].map((path) => {
      const seen: Answers = { asked: 0, ok: 0, unready: 0, failed: 0 }
      return { path, seen, millis: [] as number[] }
    })
    for (let round = 0; round < rounds; round++) {
      quiet.push(yield* deployMillis(project))
      for (const { millis, path, seen } of paths) {
        const under = Effect.zipRight(flood(url + path, seen), deployMillis(project))
        millis.push(yield* Effect.scoped(under))
      }
    }
    const lines = paths.map(({ millis, path, seen }) => {
      const ratio = describe(spread(pairedRatios(millis, quiet)), 2)
      return `| ${requestsPerSecond}/s on \`${path}\` | ${describe(spread(millis), 0)} | ${ratio} | ${seen.asked} | ${seen.ok} | ${seen.unready} | ${seen.failed} |`
    })
    return [
      "| meanwhile | deploy ms | ratio to quiet | asked | 200 | 503 | failed |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      `| nothing | ${describe(spread(quiet), 0)} | 1 | | | | |`,
      ...lines
    ].join("\n")
  })

const bench = Effect.gen(function* () {
  const restate = yield* RestateServer
  const database = yield* ownDatabase
  const { url } = yield* productionWorker(database, restate.admin)
  const neighbours = krane({ regions: [region] }).pipe(
    Layer.provideMerge(simulatorDatabase(database)),
    Layer.merge(Ingress.layer({ url: restate.ingress }))
  )
  const table = yield* Effect.provide(measure(url), neighbours)
  const text = `Written by \`npx node bench/health.ts\`. Cells are medians over ${rounds} rounds of ${deploys} deploys of each kind, one after the other, with the
range of the middle half in brackets; a ratio compares deploys of the same round. Requests go over ${connections} connections that are kept
open, from the process that measures, so that the flood of \`/health/live\`, which checks nothing, is the control. ${machine()}

${table}`
  yield* Effect.sync(() => process.stdout.write(`\n${text}\n`))
  yield* writeHealth(text)
}).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(mySqlServer, restateServer())))

bench.pipe(Effect.provide(RunDirectoryLive), runCommand)
