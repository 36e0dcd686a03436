import { Context, type Duration, Effect, Layer } from "effect"
import { type KraneOptions, krane } from "../../../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../../../dev/simulators/SimulatorDatabase.ts"
import { queryServer } from "../../../dev/stack/MySqlConnection.ts"
import { MySqlServer } from "../../../dev/stack/MySqlServer.ts"
import type { RestateOptions } from "../../../dev/stack/RestateProgram.ts"
import { RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import type { StackFailure } from "../../../dev/stack/StackFailure.ts"
import { type WorkerProcess, workerEnvironment, workerProcess } from "../../../dev/stack/WorkerProcess.ts"
import { MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { mysqlStores, poolOptions } from "../../layers/mysql/MysqlWorld.ts"
import { freshDatabase, freshDatabaseOn } from "../../support/stack/Database.ts"
import { RestateClient, testRestate } from "../../support/stack/Restate.ts"
import { workerProgram } from "../../support/stack/workerProgram.ts"
import { type WorkerProxyOptions, workerProxy } from "./WorkerProxy.ts"

/** The real program, in as many processes as the test asked for. */
export class Workers extends Context.Tag("test/e2e/Workers")<
  Workers,
  { readonly processes: ReadonlyArray<WorkerProcess>; readonly first: WorkerProcess }
>() {}

/** The database of this file alone, as a worker is told of it. */
export class DatabaseUrl extends Context.Tag("test/e2e/DatabaseUrl")<DatabaseUrl, string>() {}

export interface DatabaseLogin {
  readonly user: string
  readonly password: string
}

export interface StackOptions {
  /** What is available, and where the simulated krane runs instances. */
  readonly regions: ReadonlyArray<string>
  readonly restate?: RestateOptions
  readonly env?: Readonly<Record<string, string>>
  /** The program of the worker; by default the one of this checkout. */
  readonly entry?: string
  /** The worker's user at the database server. Default: the user in the stack's URL. */
  readonly login?: DatabaseLogin
  /** The server that the database is on. Default the one that all tests of a run share. */
  readonly server?: Layer.Layer<MySqlServer, StackFailure>
  /** Of the regions those where a krane runs. Default all. */
  readonly kraneRegions?: ReadonlyArray<string>
  /** How often krane looks in each region. Default 50 ms. */
  readonly kranePollInterval?: Duration.DurationInput
  /** What else is special about krane. */
  readonly krane?: Pick<KraneOptions, "resyncInterval" | "restartPause">
}

const ownDatabase = ({ server }: StackOptions): Layer.Layer<DatabaseUrl, StackFailure> =>
  server === undefined
    ? Layer.scoped(DatabaseUrl, freshDatabase)
    : Layer.scoped(DatabaseUrl, Effect.flatMap(MySqlServer, freshDatabaseOn)).pipe(Layer.provide(server))

/** A database user that exists for as long as the scope, with every right on the one database. */
const createLogin = ({ password, user }: DatabaseLogin) =>
  Effect.gen(function* () {
    const administrator = yield* DatabaseUrl
    const url = new URL(administrator)
    const name = `'${user}'@'%'`
    yield* Effect.acquireRelease(queryServer(administrator, `CREATE USER ${name} IDENTIFIED BY '${password}'`), () =>
      Effect.ignoreLogged(queryServer(administrator, `DROP USER ${name}`))
    )
    yield* queryServer(administrator, `GRANT ALL ON \`${url.pathname.slice(1)}\`.* TO ${name}`)
    url.username = user
    url.password = password
    return url.href
  })

/** A worker of its own on the stack of the context; it registers itself, under `registerAs` when that is given. */
export const startWorker = (options: StackOptions, registerAs?: string) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const database = options.login === undefined ? yield* DatabaseUrl : yield* createLogin(options.login)
    const program = yield* workerProgram
    const env = {
      ...program.env,
      ...workerEnvironment({ database, restateAdmin: restate.admin }),
      WORKER_AVAILABLE_REGIONS: options.regions.join(","),
      ...(registerAs === undefined ? {} : { WORKER_RESTATE_REGISTER_AS: registerAs }),
      ...options.env
    }
    return yield* workerProcess({ env, entry: options.entry ?? program.file })
  })

/** One worker that registers itself, as in production. */
const oneWorker = (options: StackOptions) =>
  Layer.scoped(
    Workers,
    Effect.map(startWorker(options), (first) => ({ processes: [first], first }))
  )

type ProxyChoices = Omit<WorkerProxyOptions, "workers">

/** Several workers behind one address, which is what Restate knows. */
const workersBehindProxy = (options: StackOptions, count: number, proxy: ProxyChoices) =>
  Layer.scoped(
    Workers,
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const first = yield* startWorker(options, "")
      const others = yield* Effect.replicateEffect(startWorker(options, ""), count - 1, { concurrency: "unbounded" })
      const processes = [first, ...others]
      const workers = processes.map((it) => it.url)
      yield* restate.register(yield* workerProxy({ workers, ...proxy }))
      return { processes, first }
    })
  )

const neighbours = ({
  krane: special = {},
  kraneRegions,
  kranePollInterval: pollInterval = "50 millis",
  regions
}: StackOptions) =>
  Layer.unwrapEffect(
    Effect.map(DatabaseUrl, (url) =>
      Layer.mergeAll(
        Layer.provideMerge(mysqlStores, MysqlPoolsLive({ primary: poolOptions(url) })),
        Layer.provideMerge(
          krane({ regions: kraneRegions ?? regions, pollInterval, startDelay: 0, ...special }),
          simulatorDatabase(url)
        )
      )
    )
  )

/** The worker makes the tables, so it comes before everything that reads them. */
const around = <E, R>(options: StackOptions, workers: Layer.Layer<Workers, E, R>) =>
  neighbours(options).pipe(
    Layer.provideMerge(workers),
    Layer.provideMerge(Layer.mergeAll(ownDatabase(options), testRestate(options.restate), RunDirectoryLive))
  )

/** Everything a test file needs for itself: database, Restate, a worker process, and a krane that runs what is published. */
export const stack = (options: StackOptions) => around(options, oneWorker(options))

/** The same with several workers behind a proxy that a test can look into. */
export const proxiedStack = ({
  choose,
  inspect,
  workers,
  ...options
}: StackOptions & ProxyChoices & { readonly workers: number }) =>
  around(
    options,
    workersBehindProxy(options, workers, {
      ...(choose === undefined ? {} : { choose }),
      ...(inspect === undefined ? {} : { inspect })
    })
  )
