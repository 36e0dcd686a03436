import { basename } from "node:path"
import { Array as Arr, type Context, Effect, type Scope } from "effect"
import { type HealthyTarget, loadBalancer } from "../simulators/LoadBalancer.ts"
import { type SwitchedProxy, switchedProxy } from "../simulators/SwitchedProxy.ts"
import {
  type RestateAddresses,
  type RestateOptions,
  type RestatePorts,
  type RunningRestate,
  restatePorts,
  restateSettings,
  startRestateNode,
  withOtherPorts
} from "./RestateProgram.ts"
import { RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

type Switch = Context.Tag.Service<SwitchedProxy>

/** A server of a cluster, with the connection on which the other servers reach it. */
export interface ClusterNode extends RunningRestate {
  readonly name: string
  readonly reachedBy: Switch
}

/** A Restate cluster; the addresses are those of a load balancer that skips servers which do not answer. */
export interface RestateCluster extends RestateAddresses {
  readonly nodes: ReadonlyArray<ClusterNode>
}

export interface RestateClusterOptions extends RestateOptions {
  readonly nodes: number
}

const loopback = "127.0.0.1"

interface PlannedNode {
  readonly name: string
  readonly folder: string
  readonly ports: RestatePorts
  readonly reachedBy: Switch
}

const planNode = (name: string) =>
  Effect.gen(function* () {
    const folder = yield* (yield* RunDirectory).folderFor(`restate-${name}`)
    const ports = yield* restatePorts
    return { name, folder, ports, reachedBy: yield* switchedProxy({ host: loopback, port: ports.node }) }
  })

/**
 * Replicated metadata and logs, each on two servers: one of three may be lost.
 * https://docs.restate.dev/server/clusters
 */
const clusterSettings = (
  { name, reachedBy }: PlannedNode,
  planned: ReadonlyArray<PlannedNode>
): Readonly<Record<string, string>> => ({
  RESTATE_NODE_NAME: name,
  RESTATE_AUTO_PROVISION: String(name === planned[0]?.name),
  RESTATE_ADVERTISED_ADDRESS: `http://${loopback}:${reachedBy.port}`,
  RESTATE_METADATA_CLIENT__TYPE: "replicated",
  RESTATE_METADATA_CLIENT__ADDRESSES: JSON.stringify(
    planned.map((node) => `http://${loopback}:${node.reachedBy.port}`)
  ),
  RESTATE_BIFROST__DEFAULT_PROVIDER: "replicated",
  RESTATE_DEFAULT_REPLICATION: String(Math.min(2, planned.length))
})

const balanced = (nodes: ReadonlyArray<ClusterNode>, which: keyof RestateAddresses, health: string) =>
  Effect.map(
    loadBalancer(nodes.map((node): HealthyTarget => ({ url: node[which], health: `${node[which]}${health}` }))),
    ({ url }) => url
  )

/** Starts a private Restate cluster on free ports of 127.0.0.1, and waits until every server serves requests. */
export const startRestateCluster = (
  program: string,
  options: RestateClusterOptions
): Effect.Effect<RestateCluster, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const planned = yield* Effect.forEach(Arr.range(1, options.nodes), (n) => planNode(`n${n}`))
    const [first] = planned
    const cluster = basename(first.folder)
    const nodes = yield* Effect.forEach(
      planned,
      (node): Effect.Effect<ClusterNode, ComponentFailed, Scope.Scope> =>
        Effect.map(
          startRestateNode(program, {
            cluster,
            ports: node.ports,
            folder: node.folder,
            settings: {
              ...restateSettings(cluster, node.ports, options),
              ...clusterSettings(node, planned),
              ...options.env
            }
          }),
          (running) => ({ ...running, name: node.name, reachedBy: node.reachedBy })
        ),
      { concurrency: "unbounded" }
    )
    return {
      nodes,
      ingress: yield* balanced(nodes, "ingress", "/restate/health"),
      admin: yield* balanced(nodes, "admin", "/health")
    }
  }).pipe(withOtherPorts)
