import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { Ingress } from "effect-restate/ingress"
import { krane } from "../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../dev/simulators/SimulatorDatabase.ts"
import { type SeededProject, seedDeployment, seedProject } from "../dev/simulators/seed.ts"
import { MySqlServer, mySqlServer } from "../dev/stack/MySqlServer.ts"
import { RestateServer, restateServer } from "../dev/stack/RestateServer.ts"
import { RunDirectory } from "../dev/stack/RunDirectory.ts"
import { workerEnvironment, workerProcess } from "../dev/stack/WorkerProcess.ts"
import { DeployService } from "../src/contract/DeployService.ts"
import { bundle } from "./BenchWorker.ts"
import { processorMillis } from "./processMetrics.ts"
import { quantile } from "./statistics.ts"

/** Deploys of one round, so many of them at a time. */
export interface DeployLoad {
  readonly inFlight: number
  readonly deployments: number
}

export interface DeployBenchOptions {
  readonly rounds: number
  /** Each of them once in every round. */
  readonly loads: ReadonlyArray<DeployLoad>
  readonly projects: number
}

export interface DeploySample {
  readonly deploysPerSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  /** Processor time of the worker for each deploy. */
  readonly processorMillis: number
}

export interface DeployResult extends DeployLoad {
  readonly samples: ReadonlyArray<DeploySample>
}

export const region = "us-east-1.aws"

/** Far below krane's second: what is measured is the worker, Restate and the database, not how often krane looks. */
const kranePollInterval = "20 millis"

export const ownDatabase = Effect.flatMap(MySqlServer, (server) => {
  const name = `bench_${randomBytes(4).toString("hex")}`
  return Effect.as(
    Effect.acquireRelease(server.createDatabase(name), () => Effect.ignore(server.dropDatabase(name))),
    server.dsnFor(name)
  )
})

/** The worker as production runs it: bundled, packages left outside. */
export const productionWorker = Effect.fnUntraced(function* (
  database: string,
  restateAdmin: string,
  regions: ReadonlyArray<string> = [region]
) {
  const run = yield* RunDirectory
  const folder = yield* run.folderFor("bundle")
  const entry = yield* bundle("../src/main.ts", join(folder, "main.mjs"))
  const env = { ...workerEnvironment({ database, restateAdmin }), WORKER_AVAILABLE_REGIONS: regions.join(",") }
  return yield* workerProcess({ entry, env })
})

interface Deploy {
  readonly project: SeededProject
  readonly deploymentId: string
}

/** From the call until everything is switched and Deploy answers, in milliseconds. */
export const timedDeploy = Effect.fnUntraced(function* ({ deploymentId, project }: Deploy) {
  const ingress = yield* Ingress
  const startedAt = performance.now()
  yield* ingress.call(DeployService, project.id, "Deploy", {
    deploymentId,
    dockerImage: { image: "registry.example/app:1" },
    command: []
  })
  return performance.now() - startedAt
})

/** Deploys of all projects in turns. */
const measured = Effect.fnUntraced(function* (fixture: Fixture, { deployments, inFlight }: DeployLoad) {
  const { processor, projects } = fixture
  const deploys: Array<Deploy> = []
  for (const project of Array.from({ length: deployments }, (_, nth) => projects[nth % projects.length])) {
    if (project !== undefined) deploys.push({ project, deploymentId: yield* seedDeployment(project) })
  }
  const before = yield* processor
  const startedAt = performance.now()
  const millis = yield* Effect.forEach(deploys, timedDeploy, { concurrency: inFlight })
  const seconds = (performance.now() - startedAt) / 1000
  const sample: DeploySample = {
    deploysPerSecond: millis.length / seconds,
    p50Millis: quantile(millis, 0.5),
    p99Millis: quantile(millis, 0.99),
    processorMillis: ((yield* processor) - before) / millis.length
  }
  yield* Effect.logInfo(
    `deploys, ${inFlight} in flight: ${sample.deploysPerSecond.toFixed(1)} per second, p50 ${sample.p50Millis.toFixed(0)} ms`
  )
  return sample
})

interface Fixture {
  readonly projects: ReadonlyArray<SeededProject>
  readonly processor: Effect.Effect<number>
}

const results = Effect.fnUntraced(function* (processor: Fixture["processor"], options: DeployBenchOptions) {
  const projects = yield* Effect.forEach(Array.from({ length: options.projects }).keys(), (index) =>
    seedProject({ workspaceSlug: `bench-${index}`, projectSlug: `app-${index}` })
  )
  const round = Effect.forEach(options.loads, (load) => measured({ processor, projects }, load))
  // Once without keeping the result: the code becomes hot and the pools fill.
  yield* round
  const rounds = yield* Effect.replicateEffect(round, options.rounds)
  return options.loads.map(
    (load, nth): DeployResult => ({ ...load, samples: rounds.flatMap((samples) => samples[nth] ?? []) })
  )
})

/** Whole deploys through the ingress of the real stack: MySQL, Restate, the worker, and a simulated krane. */
export const benchDeploys = (options: DeployBenchOptions) =>
  Effect.gen(function* () {
    const restate = yield* RestateServer
    const database = yield* ownDatabase
    const worker = yield* productionWorker(database, restate.admin)
    const neighbours = krane({ regions: [region], pollInterval: kranePollInterval, startDelay: 0 }).pipe(
      Layer.provideMerge(simulatorDatabase(database)),
      Layer.merge(Ingress.layer({ url: restate.ingress }))
    )
    return yield* Effect.provide(results(processorMillis(worker), options), neighbours)
  }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(mySqlServer, restateServer())))
