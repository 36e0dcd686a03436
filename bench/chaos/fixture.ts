import { join } from "node:path"
import { type Duration, Effect, Layer, Option, Ref } from "effect"
import { Ingress } from "effect-restate/ingress"
import { cuttingProxy } from "../../dev/simulators/CuttingProxy.ts"
import { krane } from "../../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import { installPackages } from "../../dev/stack/Apt.ts"
import { findMariaDb, mariaDbPackages } from "../../dev/stack/MariaDb.ts"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { startDatabase } from "../../dev/stack/PrivateDatabase.ts"
import type { ManagedProcess } from "../../dev/stack/Process.ts"
import { findRestate, startRestate } from "../../dev/stack/RestateProgram.ts"
import { RunDirectory } from "../../dev/stack/RunDirectory.ts"
import { type ComponentFailed, ComponentMissing } from "../../dev/stack/StackFailure.ts"
import { workerEnvironment, workerProcess } from "../../dev/stack/WorkerProcess.ts"
import { bundle } from "../BenchWorker.ts"

export const regions = ["us-east-1.aws", "eu-central-1.aws"]

/** The worker's own login: read_only and KILL USER must reach it alone. */
export const workerLogin = "chaos_worker"

/** A process that is killed, stays away, and comes back on what it had stored. */
export interface Victim {
  readonly strike: (signal: NodeJS.Signals, away: Duration.DurationInput) => Effect.Effect<void, ComponentFailed>
}

const victim = (started: {
  readonly process: ManagedProcess
  readonly startAgain: Effect.Effect<ManagedProcess, ComponentFailed>
}): Effect.Effect<Victim> =>
  Effect.map(Ref.make(started.process), (current) => ({
    strike: (signal, away) =>
      Effect.gen(function* () {
        yield* (yield* Ref.get(current)).kill(signal)
        yield* Effect.sleep(away)
        yield* Ref.set(current, yield* started.startAgain)
      })
  }))

const missing = (component: string) => new ComponentMissing({ component, remedies: ["npm ci, on Debian as root"] })

const mariaDb = Effect.gen(function* () {
  const found = yield* findMariaDb
  const program = Option.isSome(found) ? found : yield* Effect.zipRight(installPackages(mariaDbPackages), findMariaDb)
  return yield* startDatabase(yield* Effect.mapError(program, () => missing("MariaDB")), { durable: true })
})

const database = Effect.gen(function* () {
  const server = yield* mariaDb
  const statements = [
    "CREATE DATABASE chaos CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
    `CREATE USER '${workerLogin}'@'%' IDENTIFIED BY 'worker'`,
    `GRANT ALL ON chaos.* TO '${workerLogin}'@'%'`
  ]
  yield* Effect.forEach(statements, (statement) => queryServer(server.url, statement))
  const { hostname: host, port } = new URL(server.url)
  const proxy = yield* cuttingProxy({ host, port: Number(port) })
  return {
    victim: yield* victim(server),
    /** As root, past the proxy: for simulated neighbours and for reading. */
    direct: `${server.url}/chaos`,
    proxy,
    worker: `mysql://${workerLogin}:worker@127.0.0.1:${proxy.port}/chaos`
  }
})

/** One of each on this machine: a durable MariaDB behind a proxy, Restate, the bundled worker; krane and clients beside them. */
export const fixture = Effect.gen(function* () {
  const { direct, proxy, victim: mysql, worker: workerUrl } = yield* database
  const program = yield* Effect.mapError(Effect.flatten(findRestate), () => missing("Restate"))
  const restate = yield* startRestate(program, {})
  const folder = yield* (yield* RunDirectory).folderFor("bundle")
  const worker = yield* workerProcess({
    entry: yield* bundle("../src/main.ts", join(folder, "main.mjs")),
    env: {
      ...workerEnvironment({ database: workerUrl, restateAdmin: restate.admin }),
      WORKER_AVAILABLE_REGIONS: regions.join(",")
    }
  })
  return {
    direct,
    proxy,
    mysql,
    restate: yield* victim(restate),
    restateAdmin: restate.admin,
    ingress: restate.ingress,
    worker
  }
})

export type Fixture = Effect.Effect.Success<typeof fixture>

/** Who stands beside the worker: krane, the control API's database connection, and the callers. */
export const neighbours = ({ direct, ingress }: Fixture) =>
  krane({ regions, pollInterval: "50 millis", startDelay: 0 }).pipe(
    Layer.provideMerge(simulatorDatabase(direct)),
    Layer.merge(Ingress.layer({ url: ingress }))
  )
