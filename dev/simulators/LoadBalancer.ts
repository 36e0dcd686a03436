import { connect, createServer, type Socket } from "node:net"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect, Schedule, type Scope } from "effect"
import { inRealTime } from "../stack/RealTime.ts"

export interface HealthyTarget {
  readonly url: string
  /** Answers with 200 while the target may get connections. */
  readonly health: string
}

export interface LoadBalancer {
  readonly url: string
}

/** As a readiness probe of Kubernetes with a period of one second. */
const checkEvery = "500 millis"
const checkTimeout = "1 second"

interface Target {
  readonly host: string
  readonly port: number
  readonly health: string
  readonly connections: Set<Socket>
  isHealthy: boolean
}

const targetOf = ({ health, url }: HealthyTarget): Target => {
  const { hostname: host, port } = new URL(url)
  return { host, port: Number(port), health, connections: new Set(), isHealthy: true }
}

const isHealthy = ({ health }: Target) =>
  Effect.flatMap(HttpClient.HttpClient, (http) => HttpClient.filterStatusOk(http).get(health)).pipe(
    Effect.flatMap((response) => response.text),
    Effect.timeout(checkTimeout),
    Effect.isSuccess,
    Effect.provide(FetchHttpClient.layer)
  )

/** A target that stops answering loses its connections, so that their clients connect again, to another one. */
const watch = (target: Target) =>
  Effect.map(isHealthy(target), (healthy) => {
    target.isHealthy = healthy
    if (!healthy) for (const socket of target.connections) socket.destroy()
  }).pipe(Effect.repeat(Schedule.spaced(checkEvery)), inRealTime)

/** Forwards a connection to the first of the targets that accepts it. */
const forward = (client: Socket, targets: ReadonlyArray<Target>): void => {
  const [target, ...others] = targets
  if (target === undefined) return void client.destroy()
  const server = connect(target.port, target.host)
  const refused = () => forward(client, others)
  server.once("error", refused)
  server.once("connect", () => {
    server.off("error", refused)
    target.connections.add(server)
    for (const [socket, other] of [
      [client, server],
      [server, client]
    ] as const) {
      socket.on("error", () => other.destroy())
      socket.on("close", () => {
        target.connections.delete(server)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
}

/** One address on loopback for several TCP servers, each connection to the next one that is healthy. */
export const loadBalancer = (targets: ReadonlyArray<HealthyTarget>): Effect.Effect<LoadBalancer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const all = targets.map(targetOf)
    let turn = 0
    const listener = createServer((client) => {
      client.on("error", () => client.destroy())
      const from = turn++ % all.length
      const inTurn = [...all.slice(from), ...all.slice(0, from)]
      forward(client, [...inTurn.filter((it) => it.isHealthy), ...inTurn.filter((it) => !it.isHealthy)])
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void listener.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          for (const { connections } of all) for (const socket of connections) socket.destroy()
          listener.close()
        })
    )
    yield* Effect.forEach(all, (target) => Effect.forkScoped(watch(target)), { discard: true })
    const address = listener.address()
    // A TCP server that listens has an address with a port.
    return { url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}` }
  })
