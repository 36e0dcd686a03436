import { writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { basename, join } from "node:path"
import * as tls from "node:tls"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Duration, Effect, Option, Schema, type Scope } from "effect"
import { findProgram } from "./Machine.ts"
import { freePort } from "./Port.ts"
import { type ManagedProcess, type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

export interface RestateOptions {
  /** Inactivity timeout: how long an attempt may send nothing before Restate suspends it; zero suspends at every wait. */
  readonly inactivityTimeout?: Duration.DurationInput
  /** Abort timeout: how long an attempt may continue after that before Restate closes its connection. */
  readonly abortTimeout?: Duration.DurationInput
  /** Further RESTATE_ settings, which take precedence. */
  readonly env?: Readonly<Record<string, string>>
}

/** The npm package's binary: its launcher script would intercept signals. */
const packagedProgram = Effect.try(() =>
  createRequire(import.meta.url).resolve(
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`
  )
).pipe(Effect.option)

export const findRestate: Effect.Effect<Option.Option<string>> = Effect.flatMap(
  packagedProgram,
  Option.match({ onSome: Effect.succeedSome, onNone: () => findProgram("restate-server") })
)

export interface RestatePorts {
  readonly ingress: number
  readonly admin: number
  readonly node: number
}

export interface RestateAddresses {
  readonly ingress: string
  readonly admin: string
}

export const addressesOf = (ports: RestatePorts): RestateAddresses => ({
  ingress: `http://127.0.0.1:${ports.ingress}`,
  admin: `http://127.0.0.1:${ports.admin}`
})

const restateDuration = (input: Duration.DurationInput) => `${Duration.toMillis(input)}ms`

/** Settings of a private server on loopback; `name` identifies it. */
export const restateSettings = (
  name: string,
  ports: RestatePorts,
  options: RestateOptions
): Record<string, string> => ({
  RESTATE_CLUSTER_NAME: name,
  RESTATE_NODE_NAME: "n1",
  RESTATE_LISTEN_MODE: "tcp",
  RESTATE_BIND_IP: "127.0.0.1",
  RESTATE_BIND_PORT: String(ports.node),
  RESTATE_ADVERTISED_HOST: "127.0.0.1",
  RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.ingress}`,
  RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.admin}`,
  RESTATE_DEFAULT_NUM_PARTITIONS: "4",
  RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: "512MB",
  RESTATE_DISABLE_TELEMETRY: "true",
  DO_NOT_TRACK: "1",
  ...(options.inactivityTimeout !== undefined && {
    RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: restateDuration(options.inactivityTimeout)
  }),
  ...(options.abortTimeout !== undefined && {
    RESTATE_WORKER__INVOKER__ABORT_TIMEOUT: restateDuration(options.abortTimeout)
  }),
  ...options.env
})

/**
 * Restate does not start without root certificates, which fresh containers lack, although TLS is not used here. Node has its
 * own list.
 */
const rootCertificates = (folder: string) =>
  Effect.gen(function* () {
    if (tls.getCACertificates("system").length > 0) return {}
    const file = join(folder, "root-certificates.pem")
    yield* Effect.promise(() => writeFile(file, tls.rootCertificates.join("\n")))
    return { SSL_CERT_FILE: file }
  })

/** Environment settings are for the user's own server. */
const inheritedEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("RESTATE_")))

const ClusterHealth = Schema.Struct({ cluster_name: Schema.String })

/** Ready: the admin API is this server's, its query engine responds, and the ingress accepts requests. */
const answers = (name: string, addresses: RestateAddresses) =>
  Effect.gen(function* () {
    const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const health = yield* http
      .get(`${addresses.admin}/cluster-health`)
      .pipe(Effect.flatMap(HttpClientResponse.schemaBodyJson(ClusterHealth)))
    if (health.cluster_name !== name) return yield* Effect.fail("another server answers")
    const query = HttpClientRequest.post(`${addresses.admin}/query`).pipe(
      HttpClientRequest.acceptJson,
      HttpClientRequest.bodyUnsafeJson({ query: "SELECT COUNT(*) AS n FROM sys_invocation" })
    )
    yield* Effect.flatMap(http.execute(query), (response) => response.text)
    yield* Effect.flatMap(http.get(`${addresses.ingress}/restate/health`), (response) => response.text)
  }).pipe(Effect.provide(FetchHttpClient.layer))

export interface RunningRestate extends RestateAddresses {
  readonly process: ManagedProcess
  /** Restarts the server on its data and ports, after its process has ended. */
  readonly startAgain: Effect.Effect<ManagedProcess, ComponentFailed>
}

/** One server: its cluster, ports, data folder and settings. */
export interface RestateNode {
  readonly cluster: string
  readonly ports: RestatePorts
  readonly folder: string
  readonly settings: Readonly<Record<string, string>>
}

/** Starts a server and waits until it serves requests. */
export const startRestateNode = (
  program: string,
  { cluster, folder, ports, settings }: RestateNode
): Effect.Effect<RunningRestate, ComponentFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const addresses = addressesOf(ports)
    const processOptions: ProcessOptions = {
      component: "Restate",
      command: program,
      args: ["--no-logo"],
      env: {
        ...inheritedEnvironment(),
        ...(yield* rootCertificates(folder)),
        ...settings,
        RESTATE_BASE_DIR: join(folder, "data")
      },
      logFile: join(folder, "server.log")
    }
    const start = Effect.tap(startProcess(processOptions), (server) =>
      untilReady(processOptions, server, answers(cluster, addresses))
    )
    const startAgain = Effect.provide(start, yield* Effect.context<Scope.Scope>())
    return { ...addresses, process: yield* start, startAgain }
  })

/** Ports for one server. */
export const restatePorts: Effect.Effect<RestatePorts> = Effect.all({
  ingress: freePort,
  admin: freePort,
  node: freePort
})

/** Another process may take a port between check and bind; retry with other ports. */
export const withOtherPorts = <A, R>(start: Effect.Effect<A, ComponentFailed, R>) =>
  Effect.retry(start, { times: 2, while: (failure) => failure.reason === "ended" })

/** Starts a private Restate server on free ports of 127.0.0.1, with nothing in it. */
export const startRestate = (
  program: string,
  options: RestateOptions
): Effect.Effect<RunningRestate, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("restate")
    const ports = yield* restatePorts
    const cluster = basename(folder)
    return yield* startRestateNode(program, {
      cluster,
      ports,
      folder,
      settings: restateSettings(cluster, ports, options)
    })
  }).pipe(withOtherPorts)
