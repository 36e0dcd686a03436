import { Duration, Effect, Either, Layer, Option } from "effect"
import { Ingress } from "effect-restate/ingress"
import { krane } from "../../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import { type SeededProject, seedDeployment, seedProject } from "../../dev/simulators/seed.ts"
import { DeployService } from "../../src/contract/DeployService.ts"
import { processMetrics } from "../processMetrics.ts"
import { quantile } from "../statistics.ts"
import { instanceTriggers } from "./instanceTriggers.ts"
import { journalBytes } from "./journalBytes.ts"
import type { Peer } from "./Peer.ts"

/** So many deploys at a time, or so many started in a second whether or not earlier ones have ended. */
export type Pace =
  | { readonly _tag: "InFlight"; readonly deploys: number }
  | { readonly _tag: "PerSecond"; readonly deploys: number }

export interface PeerLoad {
  readonly pace: Pace
  readonly regions: ReadonlyArray<string>
  /** From a topology row to running instances. Zero has them written by triggers, anything else by a krane. */
  readonly startDelay: Duration.DurationInput
  readonly deploys: number
  readonly projects: number
}

export interface PeerSample {
  readonly deploysPerSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  /** Of the worker for each deploy. */
  readonly processorMillis: Option.Option<number>
  /** Of the worker after the round. */
  readonly residentMiB: Option.Option<number>
  /** Of all journals for each deploy. */
  readonly journalBytes: Option.Option<number>
  readonly failed: number
}

/** Far below krane's second: what is measured is the worker, Restate and the database, not how often krane looks. */
const kranePollInterval = "20 millis"

interface Deploy {
  readonly deploymentId: string
  /** When the call is due, in milliseconds since the start. */
  readonly due: number
}

/** The Go worker takes each key once, so the key is the deployment. */
const timed = ({ deploymentId, due }: Deploy, startedAt: number) =>
  Effect.gen(function* () {
    const ingress = yield* Ingress
    yield* Effect.sleep(Math.max(0, startedAt + due - performance.now()))
    // From when it was due: a driver that is late must not make a worker look faster.
    const from = due > 0 ? startedAt + due : performance.now()
    const input = { deploymentId, dockerImage: { image: "registry.example/app:1" }, command: [] }
    const answer = yield* Effect.either(ingress.call(DeployService, deploymentId, "Deploy", input))
    return { isReady: Either.isRight(answer), millis: performance.now() - from }
  })

const usageOf = ({ admin, metrics }: Peer) =>
  Effect.all({
    process: Effect.transposeMapOption(metrics, processMetrics),
    journal: Effect.transposeMapOption(admin, journalBytes)
  })

const seeded = (projects: ReadonlyArray<SeededProject>, { deploys, pace }: PeerLoad) =>
  Effect.forEach(Array.from({ length: deploys }).keys(), (nth) =>
    Effect.map(
      Effect.flatMap(Effect.fromNullable(projects[nth % projects.length]), seedDeployment),
      (deploymentId): Deploy => ({ deploymentId, due: pace._tag === "InFlight" ? 0 : (nth * 1000) / pace.deploys })
    )
  )

/** One round of one worker. */
const measured = (peer: Peer, projects: ReadonlyArray<SeededProject>, load: PeerLoad) =>
  Effect.gen(function* () {
    const deploys = yield* seeded(projects, load)
    const before = yield* usageOf(peer)
    const startedAt = performance.now()
    const answers = yield* Effect.forEach(deploys, (deploy) => timed(deploy, startedAt), {
      concurrency: load.pace._tag === "InFlight" ? load.pace.deploys : "unbounded"
    })
    const seconds = (performance.now() - startedAt) / 1000
    const after = yield* usageOf(peer)
    const millis = answers.filter(({ isReady }) => isReady).map((answer) => answer.millis)
    const sample: PeerSample = {
      deploysPerSecond: millis.length / seconds,
      p50Millis: quantile(millis, 0.5),
      p99Millis: quantile(millis, 0.99),
      processorMillis: Option.zipWith(
        after.process,
        before.process,
        (end, start) => (end.processorMillis - start.processorMillis) / deploys.length
      ),
      residentMiB: Option.map(after.process, (it) => it.residentMiB),
      journalBytes: Option.zipWith(after.journal, before.journal, (end, start) => (end - start) / deploys.length),
      failed: answers.length - millis.length
    }
    return sample
  })

const instances = ({ database }: Peer, { regions, startDelay }: PeerLoad) =>
  Duration.toMillis(startDelay) === 0
    ? Layer.scopedDiscard(instanceTriggers(database))
    : krane({ regions, startDelay, pollInterval: kranePollInterval })

/** A round of a worker, with instances in its database for as long as the scope is open. */
export const peerRound = (peer: Peer, load: PeerLoad) =>
  Effect.gen(function* () {
    const { regions } = load
    const neighbours = yield* Layer.build(
      instances(peer, load).pipe(
        Layer.provideMerge(simulatorDatabase(peer.database)),
        Layer.merge(Ingress.layer({ url: peer.ingress }))
      )
    )
    const projects = yield* Effect.forEach(Array.from({ length: load.projects }).keys(), (index) => {
      const slug = `peer-${crypto.randomUUID().slice(0, 8)}-${index}`
      const replicas = Object.fromEntries(regions.map((region) => [region, 1]))
      return seedProject({ workspaceSlug: slug, projectSlug: "app", regions: replicas })
    }).pipe(Effect.provide(neighbours))
    // The first deploy of each environment creates its sentinel.
    const first: PeerLoad = { ...load, pace: { _tag: "InFlight", deploys: load.projects }, deploys: load.projects }
    const round = (of: PeerLoad) => Effect.provide(measured(peer, projects, of), neighbours)
    yield* round(first)
    return { round: round(load) }
  })
