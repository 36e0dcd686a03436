import { join } from "node:path"
import { Array as Arr, type Context, Effect, Layer, Option } from "effect"
import { Ingress } from "effect-restate/ingress"
import { krane } from "../../dev/simulators/Krane.ts"
import { loadBalancer } from "../../dev/simulators/LoadBalancer.ts"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import type { SwitchedProxy } from "../../dev/simulators/SwitchedProxy.ts"
import { startRestateCluster } from "../../dev/stack/RestateCluster.ts"
import { findRestate, startRestate } from "../../dev/stack/RestateProgram.ts"
import { RunDirectory } from "../../dev/stack/RunDirectory.ts"
import { workerEnvironment, workerProcess } from "../../dev/stack/WorkerProcess.ts"
import { bundle, register } from "../BenchWorker.ts"
import { database, missing } from "./database.ts"
import { type Victim, victim } from "./Victim.ts"

export const regions = ["us-east-1.aws", "eu-central-1.aws"]

/** A Restate server; in a cluster, other servers reach it over a connection that can be cut. */
export interface RestateVictim extends Victim {
  readonly reachedBy: Option.Option<Context.Tag.Service<SwitchedProxy>>
}

export interface FixtureSize {
  /** Restate servers; more than one are a cluster. */
  readonly nodes: number
  readonly workers: number
}

const restateServers = (program: string, nodes: number) =>
  Effect.gen(function* () {
    if (nodes === 1) {
      const server = yield* startRestate(program, {})
      const alone: RestateVictim = { ...(yield* victim(server)), reachedBy: Option.none() }
      return { admin: server.admin, ingress: server.ingress, servers: [alone] }
    }
    const cluster = yield* startRestateCluster(program, { nodes })
    const servers = yield* Effect.forEach(cluster.nodes, (node) =>
      Effect.map(victim(node), (it): RestateVictim => ({ ...it, reachedBy: Option.some(node.reachedBy) }))
    )
    return { admin: cluster.admin, ingress: cluster.ingress, servers }
  })

/** Workers of one build behind one address, which is what Restate knows, as with a Service of Kubernetes. */
const workersFor = (
  count: number,
  {
    database,
    replica,
    restateAdmin
  }: {
    readonly database: string
    readonly replica: Option.Option<{ readonly url: string }>
    readonly restateAdmin: string
  }
) =>
  Effect.gen(function* () {
    const folder = yield* (yield* RunDirectory).folderFor("bundle")
    const options = {
      entry: yield* bundle("../src/main.ts", join(folder, "main.mjs")),
      env: {
        ...workerEnvironment({ database, restateAdmin }),
        ...Option.match(replica, {
          onNone: () => ({}),
          onSome: ({ url }) => ({ WORKER_DATABASE_READONLY_REPLICA: url })
        }),
        WORKER_RESTATE_REGISTER_AS: "",
        WORKER_AVAILABLE_REGIONS: regions.join(",")
      }
    }
    // The first one makes the tables.
    const first = yield* workerProcess(options)
    const workers = Arr.prepend(yield* Effect.replicateEffect(workerProcess(options), count - 1), first)
    const { url } = yield* loadBalancer(workers.map((it) => ({ url: it.url, health: `${it.url}/health/ready` })))
    yield* register(restateAdmin, url)
    return workers
  })

/**
 * A durable MariaDB behind a proxy, Restate and the bundled workers on this machine; krane and clients beside them. Beside a
 * cluster, the database has a replica.
 */
export const fixture = ({ nodes, workers: count }: FixtureSize) =>
  Effect.gen(function* () {
    const { direct, mysql, proxy, replica, workerUrl } = yield* database({ replica: nodes > 1 })
    const program = yield* Effect.mapError(Effect.flatten(findRestate), () => missing("Restate"))
    const { admin, ingress, servers } = yield* restateServers(program, nodes)
    const workers = yield* workersFor(count, { database: workerUrl, restateAdmin: admin, replica })
    return {
      direct,
      proxy,
      mysql,
      replica: Option.map(replica, (it) => it.victim),
      restate: servers,
      restateAdmin: admin,
      ingress,
      workers
    }
  })

export type Fixture = Effect.Effect.Success<ReturnType<typeof fixture>>

/** Who stands beside the worker: krane, the control API's database connection, and the callers. */
export const neighbours = ({ direct, ingress }: Fixture) =>
  krane({ regions, pollInterval: "50 millis", startDelay: 0 }).pipe(
    Layer.provideMerge(simulatorDatabase(direct)),
    Layer.merge(Ingress.layer({ url: ingress }))
  )
