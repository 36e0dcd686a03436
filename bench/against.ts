import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { rm } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { promisify } from "node:util"
import { SqlClient } from "@effect/sql/SqlClient"
import { Context, Effect, Layer, Schedule } from "effect"
import { Ingress } from "effect-restate/ingress"
import { reportPending, reportPods } from "../dev/simulators/reports.ts"
import { simulatorDatabase } from "../dev/simulators/SimulatorDatabase.ts"
import { type SeededProject, seedDeployment, seedProject } from "../dev/simulators/seed.ts"
import { mySqlServer } from "../dev/stack/MySqlServer.ts"
import { privateRestateServer, RestateServer } from "../dev/stack/RestateServer.ts"
import { workerEnvironment, workerProcess } from "../dev/stack/WorkerProcess.ts"
import { bundle } from "./BenchWorker.ts"
import { ownDatabase, region, timedDeploy } from "./deploys.ts"
import { processorMillis } from "./processMetrics.ts"
import { quantile } from "./statistics.ts"

// What a deploy costs in this checkout against what it costs in another one, in one run.

export interface AgainstOptions {
  /** The other checkout of this repository, with its packages installed. */
  readonly folder: string
  readonly rounds: number
  /** Of each checkout in a round. */
  readonly deploys: number
}

/** What a checkout's deploys took in one round, in milliseconds. */
export interface AgainstSample {
  readonly p50: number
  /** Of the worker's process, for each deploy. */
  readonly processor: number
}

export interface AgainstResult {
  /** The other checkout's commit, as git describes it. */
  readonly commit: string
  readonly ours: ReadonlyArray<AgainstSample>
  readonly theirs: ReadonlyArray<AgainstSample>
}

/** Below the checkout, so that Node finds the checkout's own packages. */
const bundleOf = (checkout: string) =>
  Effect.acquireRelease(
    bundle(join(checkout, "src/main.ts"), join(checkout, `.dev/bench-${randomBytes(4).toString("hex")}/main.mjs`)),
    (entry) => Effect.promise(() => rm(dirname(entry), { recursive: true, force: true }))
  )

/**
 * Instances that run before they are wanted: neither krane nor the time between two looks is part of what is measured,
 * which are not the same in every checkout.
 */
const seedRunning = Effect.fnUntraced(function* (project: SeededProject) {
  const deploymentId = yield* seedDeployment(project)
  const instances = {
    deploymentId,
    region,
    workspaceId: project.workspaceId,
    projectId: project.id,
    k8sName: deploymentId,
    namespace: "bench",
    image: "",
    replicas: 1,
    cpuMillicores: 1,
    memoryMib: 1
  }
  yield* reportPending(instances)
  yield* reportPods(instances, "running")
  return { deploymentId, project }
})

/** The environment's sentinel is healthy from its first deploy on, as with a krane. */
const firstDeploy = (project: SeededProject) =>
  Effect.flatMap(
    SqlClient,
    (sql) => sql`UPDATE sentinels SET health = 'healthy' WHERE project_id = ${project.id}`
  ).pipe(
    Effect.repeat(Schedule.spaced("100 millis")),
    Effect.raceFirst(Effect.flatMap(seedRunning(project), timedDeploy))
  )

/** A checkout's worker with a Restate server and a database of its own; the database server is shared. */
const subject = Effect.fnUntraced(function* (checkout: string) {
  const restate = Context.get(yield* Layer.build(privateRestateServer()), RestateServer)
  const database = yield* ownDatabase
  // Only what every checkout knows: a worker refuses a setting that it does not have.
  const { WORKER_DEPLOYS_FAILURE_GRACE: _, ...environment } = workerEnvironment({
    database,
    restateAdmin: restate.admin
  })
  const env = { ...environment, WORKER_AVAILABLE_REGIONS: region }
  const worker = yield* workerProcess({ entry: yield* bundleOf(checkout), env })
  const ingress = Ingress.layer({ url: restate.ingress })
  const callers = yield* Layer.build(Layer.merge(simulatorDatabase(database), ingress))
  const project = yield* Effect.provide(seedProject({ workspaceSlug: "bench", projectSlug: "app" }), callers)
  yield* Effect.provide(firstDeploy(project), callers)
  return {
    processor: processorMillis(worker),
    deploy: Effect.provide(Effect.flatMap(seedRunning(project), timedDeploy), callers)
  }
})

type Subject = Effect.Effect.Success<ReturnType<typeof subject>>

const sampleOf = (millis: ReadonlyArray<number>, before: number, after: number): AgainstSample => ({
  p50: quantile(millis, 0.5),
  processor: (after - before) / millis.length
})

/** One deploy after the other, of both in turns: what slows the machine down for a moment slows both. */
const round = Effect.fnUntraced(function* (ours: Subject, theirs: Subject, deploys: number) {
  const processors = Effect.all([ours.processor, theirs.processor])
  const before = yield* processors
  const ourMillis: Array<number> = []
  const theirMillis: Array<number> = []
  for (let pair = 0; pair < deploys; pair++) {
    const first = pair % 2 === 0
    if (first) ourMillis.push(yield* ours.deploy)
    theirMillis.push(yield* theirs.deploy)
    if (!first) ourMillis.push(yield* ours.deploy)
  }
  const after = yield* processors
  const samples = {
    ours: sampleOf(ourMillis, before[0], after[0]),
    theirs: sampleOf(theirMillis, before[1], after[1])
  }
  yield* Effect.logInfo(
    `against: ${(samples.ours.p50 / samples.theirs.p50).toFixed(3)} of the time, ${(samples.ours.processor / samples.theirs.processor).toFixed(3)} of the processor`
  )
  return samples
})

const commitOf = (folder: string) =>
  Effect.promise(() => promisify(execFile)("git", ["-C", folder, "describe", "--always", "--dirty"])).pipe(
    Effect.map(({ stdout }) => stdout.trim())
  )

/** Deploys of this checkout's worker and of another one's, on the same machine at the same time. */
export const benchAgainst = ({ deploys, folder, rounds }: AgainstOptions) =>
  Effect.gen(function* () {
    const checkout = resolve(folder)
    const ours = yield* subject(resolve(import.meta.dirname, ".."))
    const theirs = yield* subject(checkout)
    // Without keeping the results: the code becomes hot and the pools fill.
    yield* round(ours, theirs, deploys)
    const samples = yield* Effect.replicateEffect(round(ours, theirs, deploys), rounds)
    const result: AgainstResult = {
      commit: yield* commitOf(checkout),
      ours: samples.map((sample) => sample.ours),
      theirs: samples.map((sample) => sample.theirs)
    }
    return result
  }).pipe(Effect.scoped, Effect.provide(mySqlServer))
