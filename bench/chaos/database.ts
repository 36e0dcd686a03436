import { Effect, Option } from "effect"
import { cuttingProxy } from "../../dev/simulators/CuttingProxy.ts"
import { installPackages } from "../../dev/stack/Apt.ts"
import { findMariaDb, mariaDbPackages } from "../../dev/stack/MariaDb.ts"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { startDatabase } from "../../dev/stack/PrivateDatabase.ts"
import { ComponentMissing } from "../../dev/stack/StackFailure.ts"
import { victim } from "./Victim.ts"

/** The worker's own login: read_only and KILL USER must reach it alone. */
export const workerLogin = "chaos_worker"

const schema = "chaos"

export const missing = (component: string) =>
  new ComponentMissing({ component, remedies: ["npm ci, on Debian as root"] })

const mariaDb = Effect.gen(function* () {
  const found = yield* findMariaDb
  const program = Option.isSome(found) ? found : yield* Effect.zipRight(installPackages(mariaDbPackages), findMariaDb)
  return yield* Effect.mapError(program, () => missing("MariaDB"))
})

const started = (args: ReadonlyArray<string>) =>
  Effect.flatMap(mariaDb, (program) => startDatabase(program, { durable: true, args }))

const loginAt = (port: string | number) => `mysql://${workerLogin}:worker@127.0.0.1:${port}/${schema}`

/** Follows the primary from its first transaction; looks for it every second while it is away. */
const replicaOf = (primary: string) =>
  Effect.gen(function* () {
    const server = yield* started(["--server-id=2", "--read-only=ON"])
    const { port } = new URL(primary)
    const statements = [
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'root',
         MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos`,
      "START SLAVE"
    ]
    yield* Effect.forEach(statements, (statement) => queryServer(server.url, statement))
    return { victim: yield* victim(server), url: loginAt(new URL(server.url).port) }
  })

/** A durable MariaDB behind a proxy, which a replica follows if asked for. */
export const database = (options: { readonly replica: boolean }) =>
  Effect.gen(function* () {
    const server = yield* started(options.replica ? ["--server-id=1", "--log-bin=changes"] : [])
    const replica = options.replica ? Option.some(yield* replicaOf(server.url)) : Option.none()
    const statements = [
      `CREATE DATABASE ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
      `CREATE USER '${workerLogin}'@'%' IDENTIFIED BY 'worker'`,
      `GRANT ALL ON ${schema}.* TO '${workerLogin}'@'%'`
    ]
    yield* Effect.forEach(statements, (statement) => queryServer(server.url, statement))
    const { hostname: host, port } = new URL(server.url)
    const proxy = yield* cuttingProxy({ host, port: Number(port) })
    return {
      mysql: yield* victim(server),
      replica,
      /** As root, past the proxy: for simulated neighbours and for reading. */
      direct: `${server.url}/${schema}`,
      proxy,
      workerUrl: loginAt(proxy.port)
    }
  })
