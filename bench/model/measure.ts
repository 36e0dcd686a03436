import { readFile } from "node:fs/promises"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Either, Layer, Option, Ref, Schedule } from "effect"
import { Ingress } from "effect-restate/ingress"
import { krane } from "../../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import { type SeededProject, seedDeployment, seedProject } from "../../dev/simulators/seed.ts"
import { MySqlServer, mySqlServer } from "../../dev/stack/MySqlServer.ts"
import { privateRestateServer, RestateServer } from "../../dev/stack/RestateServer.ts"
import type { WorkerProcess } from "../../dev/stack/WorkerProcess.ts"
import { DeployService } from "../../src/contract/DeployService.ts"
import { benchChanges } from "../changes.ts"
import { ownDatabase, productionWorker } from "../deploys.ts"
import { quantile } from "../statistics.ts"
import type { Measured, PartTimes, Point } from "./calibrate.ts"

/** Of one deploy that replaces a live one, held by test/e2e/deployStatements.test.ts: 37 in one region, 51 in three. */
const statements = { base: 30, perRegion: 7 }
/** A deploy publishes one change in each of its regions; that the one before it stops comes half an hour later. */
const changesPerDeploy = 1

const regionNames = ["us-east-1.aws", "eu-west-1.aws", "us-west-2.aws"]
const projectsOfEach = 32
/** Linux counts processor time in hundredths of a second. */
const tickMillis = 10

interface Load {
  readonly regions: number
  readonly inFlight: number
  readonly deploys: number
}

/** What is measured to know the costs, and what is predicted. */
export interface ModelOptions {
  readonly calibration: { readonly alone: number; readonly loaded: number; readonly inFlight: number }
  readonly points: ReadonlyArray<Load>
  readonly changes: number
}

const readProc = (file: string) => Effect.promise(() => readFile(`/proc/${file}`, "utf8"))

const processMillis = (pid: number) =>
  Effect.map(readProc(`${pid}/stat`), (text) => {
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return (Number(fields[11]) + Number(fields[12])) * tickMillis
  })

/** Processor time of the whole machine that was used, and that there was. */
const machineMillis = Effect.map(readProc("stat"), (text) => {
  const ticks = (text.split("\n", 1)[0] ?? "").trim().split(/\s+/).slice(1, 9).map(Number)
  const all = ticks.reduce((sum, tick) => sum + tick, 0) * tickMillis
  return { all, used: all - ((ticks[3] ?? 0) + (ticks[4] ?? 0)) * tickMillis }
})

const driverMillis = Effect.sync(() => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
})

interface Stack {
  readonly worker: WorkerProcess
  readonly pids: { readonly restate: ReadonlyArray<number>; readonly database: number }
  /** By number of regions. */
  readonly projects: ReadonlyMap<number, ReadonlyArray<SeededProject>>
}

const clock = ({ pids, worker }: Stack) =>
  Effect.gen(function* () {
    const restate = yield* Effect.forEach(pids.restate, processMillis)
    const times: PartTimes = {
      worker: yield* Effect.flatMap(worker.pid, processMillis),
      restate: restate.reduce((sum, time) => sum + time, 0),
      database: yield* processMillis(pids.database),
      driver: yield* driverMillis
    }
    return { at: performance.now(), machine: yield* machineMillis, times }
  })

type Reading = Effect.Effect.Success<ReturnType<typeof clock>>

const between = (from: Reading, to: Reading) => {
  const times: PartTimes = {
    worker: to.times.worker - from.times.worker,
    restate: to.times.restate - from.times.restate,
    database: to.times.database - from.times.database,
    driver: to.times.driver - from.times.driver
  }
  const own = times.worker + times.restate + times.database + times.driver
  const millis = to.at - from.at
  const others = Math.max(0, to.machine.used - from.machine.used - own)
  return { times, seconds: millis / 1000, processors: (to.machine.all - from.machine.all - others) / millis }
}

const attemptsInFlight = ({ worker }: Stack) =>
  HttpClient.get(worker.metrics).pipe(
    Effect.flatMap((response) => response.text),
    Effect.map((text) =>
      [...text.matchAll(/^control_plane_worker_attempts_in_flight\S* (\d+)/gm)].reduce(
        (sum, it) => sum + Number(it[1]),
        0
      )
    ),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )

const timed = (deploymentId: string) =>
  Effect.gen(function* () {
    const ingress = yield* Ingress
    const startedAt = performance.now()
    // As the webhook of the API does: the key is the deployment.
    yield* ingress.call(DeployService, deploymentId, "Deploy", {
      deploymentId,
      dockerImage: { image: "registry.example/app:1" },
      command: []
    })
    return { startedAt, endedAt: performance.now() }
  })

type Timed = Effect.Effect.Success<ReturnType<typeof timed>>

/** Ends per second from the first end to the last start: neither the start of the load nor its end is part of it. */
const steadyRate = (calls: ReadonlyArray<Timed>): number => {
  const from = Math.min(...calls.map(({ endedAt }) => endedAt))
  const to = Math.max(...calls.map(({ startedAt }) => startedAt))
  const ends = calls.filter(({ endedAt }) => endedAt > from && endedAt <= to).length
  return (ends * 1000) / (to - from)
}

const measured = (stack: Stack, load: Load) =>
  Effect.gen(function* () {
    const projects = stack.projects.get(load.regions) ?? []
    const ids: Array<string> = []
    for (let nth = 0; nth < load.deploys; nth++) {
      const project = projects[nth % projects.length]
      if (project !== undefined) ids.push(yield* seedDeployment(project))
    }
    const seen = yield* Ref.make<ReadonlyArray<number>>([])
    const look = Effect.flatMap(attemptsInFlight(stack), (count) => Ref.update(seen, (all) => [...all, count]))
    const looks = yield* Effect.fork(Effect.repeat(look, Schedule.spaced("500 millis")))
    const from = yield* clock(stack)
    const answers = yield* Effect.forEach(ids, (id) => Effect.either(timed(id)), { concurrency: load.inFlight })
    const taken = between(from, yield* clock(stack))
    yield* looks.interruptAsFork(yield* Effect.fiberId)
    const calls = answers.filter(Either.isRight).map(({ right }) => right)
    const millis = calls.map(({ endedAt, startedAt }) => endedAt - startedAt)
    if (millis.length < answers.length) return yield* Effect.dieMessage("a deploy of the measurement failed")
    const attempts = yield* Ref.get(seen)
    const point: Point = {
      ...load,
      ...taken,
      perSecond: steadyRate(calls),
      meanMillis: millis.reduce((sum, time) => sum + time, 0) / millis.length,
      p99Millis: quantile(millis, 0.99),
      attempts: attempts.reduce((sum, count) => sum + count, 0) / Math.max(1, attempts.length)
    }
    yield* Effect.logInfo(
      `${load.regions} region(s), ${load.inFlight} in flight: ${point.perSecond.toFixed(1)} deploys per second`
    )
    return point
  })

const idleTimes = (stack: Stack) =>
  Effect.gen(function* () {
    const from = yield* clock(stack)
    yield* Effect.sleep("4 seconds")
    const { seconds, times } = between(from, yield* clock(stack))
    const perSecond = (millis: number) => millis / seconds
    return {
      worker: perSecond(times.worker),
      restate: perSecond(times.restate),
      database: perSecond(times.database),
      driver: perSecond(times.driver)
    }
  })

const statementTime = Effect.gen(function* () {
  const sql = yield* SqlClient
  const one = Effect.gen(function* () {
    const startedAt = performance.now()
    yield* sql`SELECT id, live_deployment_id FROM projects LIMIT 1`
    return performance.now() - startedAt
  })
  return quantile(yield* Effect.replicateEffect(one, 200), 0.5)
})

const seededProjects = Effect.gen(function* () {
  const projects = new Map<number, ReadonlyArray<SeededProject>>()
  for (let regions = 1; regions <= regionNames.length; regions++) {
    const replicas = Object.fromEntries(regionNames.slice(0, regions).map((region) => [region, 1]))
    const some = Array.from({ length: projectsOfEach }, (_, nth) => `model-${regions}-${nth}`)
    projects.set(
      regions,
      yield* Effect.forEach(some, (slug) => seedProject({ workspaceSlug: slug, projectSlug: "app", regions: replicas }))
    )
  }
  return projects
})

const results = (stack: Stack, { calibration, points }: ModelOptions) =>
  Effect.gen(function* () {
    // The first deploy of a project creates its sentinels, and the code becomes hot.
    for (const regions of stack.projects.keys())
      yield* measured(stack, { regions, inFlight: 8, deploys: projectsOfEach })
    const most = regionNames.length
    const pair = (load: Omit<Load, "regions">) =>
      Effect.all([measured(stack, { ...load, regions: 1 }), measured(stack, { ...load, regions: most })])
    const idle = yield* idleTimes(stack)
    const statementMillis = yield* statementTime
    const alone = yield* pair({ inFlight: 1, deploys: calibration.alone })
    const loaded = yield* pair({ inFlight: calibration.inFlight, deploys: calibration.loaded })
    return { idle, statementMillis, alone, loaded, points: yield* Effect.forEach(points, (it) => measured(stack, it)) }
  })

export interface ModelRun {
  readonly measured: Measured
  readonly points: ReadonlyArray<Point>
}

/** Measures the costs of a deploy, and the points that the model has to predict, on one stack in one run. */
export const measureModel = (options: ModelOptions) =>
  Effect.gen(function* () {
    const changes = yield* benchChanges({ rounds: 3, changes: options.changes, inFlight: 64 })
    const found = yield* Effect.gen(function* () {
      const restate = yield* RestateServer
      const server = yield* MySqlServer
      const database = yield* ownDatabase
      const worker = yield* productionWorker(database, restate.admin, regionNames)
      const { pid } = yield* Option.match(server.process, {
        onNone: () =>
          Effect.dieMessage("the model needs a database whose processor time can be read: one of the stack"),
        onSome: Effect.succeed
      })
      const pids = { restate: restate.processes.map((it) => it.pid), database: pid }
      const neighbours = krane({ regions: regionNames, pollInterval: "20 millis", startDelay: 0 }).pipe(
        Layer.provideMerge(simulatorDatabase(database)),
        Layer.merge(Ingress.layer({ url: restate.ingress }))
      )
      return yield* Effect.provide(
        Effect.flatMap(seededProjects, (projects) => results({ worker, pids, projects }, options)),
        neighbours
      )
    }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(mySqlServer, privateRestateServer())))
    const { points, ...rest } = found
    const run: ModelRun = {
      measured: { ...rest, statements, changesPerDeploy, changesPerSecond: quantile(changes, 0.5) },
      points
    }
    return run
  })
