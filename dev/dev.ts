import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer, Option } from "effect"
import { VaultServer, vaultServer } from "./simulators/VaultServer.ts"
import { ClickhouseServer, clickhouseServer } from "./stack/ClickhouseServer.ts"
import { runCommand } from "./stack/Command.ts"
import { MySqlServer, mySqlServer } from "./stack/MySqlServer.ts"
import { untilOneEnds } from "./stack/Process.ts"
import { RestateServer, restateServer } from "./stack/RestateServer.ts"
import { devFolder, RunDirectoryLive } from "./stack/RunDirectory.ts"
import { vaultEnvironment } from "./stack/Vault.ts"
import { workerEnvironment, workerProcess } from "./stack/WorkerProcess.ts"

/** Scripts wait for this file: it appears, whole, once everything answers, and goes away with the stack. */
const addressFile = join(devFolder, "stack.json")

const publishAddresses = (addresses: Readonly<Record<string, string>>) => {
  const content = `${JSON.stringify(addresses, null, 2)}\n`
  return Effect.acquireRelease(
    Effect.promise(async () => {
      const draft = `${addressFile}.${process.pid}`
      await mkdir(devFolder, { recursive: true })
      await writeFile(draft, content)
      await rename(draft, addressFile)
    }),
    () =>
      // A stack started after this one has put its own addresses there; those stay.
      Effect.tryPromise(async () => {
        if ((await readFile(addressFile, "utf8")) === content) await rm(addressFile)
      }).pipe(Effect.ignore)
  )
}

/** A server from the environment may already name the database to use. */
const databaseFor = (server: MySqlServer["Type"]) => {
  const named = decodeURIComponent(new URL(server.adminUrl).pathname.slice(1))
  const database = named === "" ? "unkey" : named
  return Effect.as(server.createDatabase(database), server.dsnFor(database))
}

/** Settings a developer gives win over the stack's defaults, but not over where the stack is. */
const givenSettings = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("WORKER_")))

/** A developer's own vault is not mixed with the stack's. */
const namesOwnVault = Object.keys(givenSettings).some((name) => name.startsWith("WORKER_VAULT_"))

/** The worker runs without one as well, so a machine that has neither the engine nor Docker still gets its stack. */
const clickhouseIfAny = Layer.build(clickhouseServer()).pipe(
  Effect.map((context) => Option.some(Context.get(context, ClickhouseServer))),
  Effect.catchTag("ComponentMissing", ({ message }) => Effect.as(Effect.logWarning(message), Option.none()))
)

const clickhouseEnvironment = Option.match({
  onNone: () => ({}),
  onSome: ({ url }: ClickhouseServer["Type"]) => ({ WORKER_CLICKHOUSE_URL: url, WORKER_CLICKHOUSE_ADMIN_URL: url })
})

const dev = Effect.gen(function* () {
  const mysql = yield* MySqlServer
  const restate = yield* RestateServer
  const database = yield* databaseFor(mysql)
  const clickhouse = yield* clickhouseIfAny
  yield* Effect.logInfo("Worker: starting")
  const { WORKER_DATABASE_PRIMARY, WORKER_RESTATE_ADMIN_URL, ...defaults } = workerEnvironment({
    database,
    restateAdmin: restate.admin
  })
  const vault = namesOwnVault ? {} : yield* vaultEnvironment
  const env = {
    ...defaults,
    ...vault,
    ...clickhouseEnvironment(clickhouse),
    ...givenSettings,
    WORKER_DATABASE_PRIMARY,
    WORKER_RESTATE_ADMIN_URL
  }
  const worker = yield* workerProcess({ env })
  const addresses = {
    ingress: restate.ingress,
    admin: restate.admin,
    worker: worker.url,
    metrics: worker.metrics,
    vault: (yield* VaultServer).url,
    database,
    ...Option.match(clickhouse, { onNone: () => ({}), onSome: ({ url }) => ({ clickhouse: url }) })
  }
  yield* publishAddresses(addresses)
  yield* Effect.forEach(Object.entries(addresses), ([name, url]) => Effect.logInfo(`${name.padEnd(10)} ${url}`))
  yield* Effect.logInfo("Everything is up. Ctrl-C ends all of it.")
  const analytics = Option.flatMap(clickhouse, ({ process }) => process)
  const servers = [mysql.process, restate.process, analytics].flatMap((it) => Option.toArray(it))
  return yield* untilOneEnds([...servers, worker])
})

dev.pipe(
  Effect.scoped,
  Effect.provide(Layer.mergeAll(mySqlServer, restateServer(), vaultServer(), RunDirectoryLive)),
  runCommand
)
