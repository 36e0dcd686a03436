import { Duration, Effect, Layer, Option, Schema } from "effect"
import { Contract, implement } from "effect-restate"
import type { FaultPlan, Invocation } from "effect-restate/testing"
import { MemoryRestate } from "effect-restate/testing"
import { BuildSlotService } from "../../../src/contract/BuildSlotService.ts"
import { DatabaseRefused, DeploymentFailed, NotFound } from "../../../src/contract/errors.ts"
import { BuildSettings } from "../../../src/services/builds/BuildSettings.ts"
import type { SlotQueue } from "../../../src/services/builds/SlotQueue.ts"
import { Deployment } from "../../../src/services/deploy/Deployment.ts"
import { DeploymentStore } from "../../../src/services/deploy/DeploymentStore.ts"
import { BuildSlotWorkflows } from "../../../src/workflows/builds/BuildSlotWorkflows.ts"
import { buildFromGit } from "../../../src/workflows/deploy/build/buildFromGit.ts"
import { type Fate, MemoryBuilder, memoryBuilder } from "../memory/MemoryBuilder.ts"

/** One deployment that wants to be built, and how that will go. */
export interface Job {
  readonly id: string
  readonly workspaceId: string
  readonly isProduction: boolean
  readonly createdAt: number
  readonly fate: Fate
}

/** The build part of a deploy, without the rows around it: a thousand of them fit into one test. */
const Builds = Contract.object("test.Builds", {
  Build: {
    input: Schema.Struct({
      workspaceId: Schema.String,
      isProduction: Schema.Boolean,
      createdAt: Schema.Number,
      id: Schema.String
    }),
    output: Schema.String,
    error: Schema.Union(DeploymentFailed, NotFound, DatabaseRefused),
    mode: "shared"
  }
})

const deploymentOf = ({ createdAt, id, workspaceId }: Omit<Job, "fate">): Deployment =>
  Deployment.make({
    id,
    k8sName: id,
    workspaceId,
    projectId: `proj_${workspaceId}`,
    environmentId: `env_${workspaceId}`,
    port: 8080,
    cpuMillicores: 256,
    memoryMib: 256,
    healthCheck: null,
    gitCommitSha: null,
    gitBranch: null,
    status: "pending",
    desiredState: "running",
    createdAt
  })

const source = { repository: "acme/shop", commitSha: "a".repeat(40), contextPath: "", dockerfilePath: "Dockerfile" }
const plan = {
  _tag: "Git",
  source: { ...source, installationId: 0n },
  branch: null,
  installationId: null,
  platform: "linux/amd64",
  deadline: 30 * 60_000
} as const

export const BuildWorkflows = implement(Builds, {
  Build: (job) =>
    Effect.map(
      buildFromGit({
        deployment: deploymentOf(job),
        environmentSlug: job.isProduction ? "production" : "preview",
        plan,
        onSlot: Effect.void
      }),
      (built) => Option.match(built, { onNone: () => "", onSome: ({ image }) => image })
    )
})

/** Every deployment is there and not deployed yet; nothing else of the store is asked for. */
export const storeOf = (jobs: ReadonlyMap<string, Job>): DeploymentStore["Type"] => {
  const unused = () => Effect.dieMessage("the builds of a fleet ask for nothing else")
  return {
    find: (id) =>
      Effect.succeed(
        Option.map(Option.fromNullable(jobs.get(id)), (job) => ({
          deployment: deploymentOf(job),
          workspace: null,
          project: null,
          environment: null
        }))
      ),
    depotProject: () => Effect.succeedNone,
    rememberDepotProject: () => Effect.void,
    ensureNamespace: unused,
    changePhase: unused,
    writeCommit: unused,
    fail: unused,
    regionConfig: unused,
    instances: unused,
    reachability: unused,
    regions: unused,
    changeDesiredState: unused
  }
}

export interface FleetOptions {
  readonly jobs: ReadonlyArray<Job>
  readonly limit: number
  readonly faults: FaultPlan
}

/** Many workspaces that build at once on one engine. */
export const fleet = ({ faults, jobs, limit }: FleetOptions) => {
  const byId = new Map(jobs.map((job) => [job.id, job]))
  return Effect.gen(function* () {
    const builder = yield* MemoryBuilder
    const engine = new MemoryRestate({ faults })
    yield* Effect.all([engine.serve(BuildSlotWorkflows), engine.serve(BuildWorkflows)]).pipe(
      Effect.provideService(DeploymentStore, storeOf(byId)),
      Effect.provideService(BuildSettings, { maxPerWorkspace: limit, deadline: plan.deadline, platform: plan.platform })
    )
    const submit = ({ fate: _, ...job }: Job): Invocation => engine.submit(Builds, job.id, "Build", job)
    /** Takes a place in the queue as an invocation that is killed right after, and so never released. */
    const abandon = (workspaceId: string, deploymentId: string) =>
      engine.submit(BuildSlotService, workspaceId, "Request", {
        deploymentId,
        buildId: `bld-${deploymentId}`,
        isProduction: true,
        createdAt: 0,
        line: "",
        bell: `bell-${deploymentId}`
      })
    /** The queue of a workspace, as its object stores it; undefined when there is nothing to know. */
    const queueOf = (workspaceId: string) =>
      engine.stateOf(BuildSlotService.name, workspaceId).queue as SlotQueue | undefined
    return { engine, builder, submit, abandon, queueOf }
  }).pipe(
    Effect.provide(
      Layer.fresh(
        memoryBuilder({
          fateOf: ({ deploymentId }, run) => {
            const fate = byId.get(deploymentId)?.fate
            if (fate === undefined) return { takes: Duration.seconds(1), ends: "succeeds" }
            // What vanished once is built the second time.
            return fate.ends === "vanishes" && run > 1 ? { ...fate, ends: "succeeds" } : fate
          }
        })
      )
    )
  )
}
