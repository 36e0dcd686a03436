import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import { join } from "node:path"
import { Effect, Option, type Scope } from "effect"
import { findProgram } from "./Machine.ts"
import { queryServer } from "./MySqlConnection.ts"
import { freePort } from "./Port.ts"
import { type ManagedProcess, type ProcessOptions, runProgram, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { devFolder, RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

/** What a private MariaDB needs; the two core packages have both programs and bring no system service with them. */
export interface MariaDbProgram {
  readonly server: string
  readonly installer: string
}

export const mariaDbPackages = ["mariadb-server-core", "mariadb-client-core"]

export const findMariaDb: Effect.Effect<Option.Option<MariaDbProgram>> = Effect.all([
  findProgram("mariadbd"),
  findProgram("mariadb-install-db"),
  // The installer calls it by its full path, and it comes in another package.
  findProgram("my_print_defaults")
]).pipe(
  Effect.map(([server, installer, printDefaults]) =>
    Option.map(Option.all([server, installer, printDefaults]), ([server, installer]) => ({ server, installer }))
  )
)

/** As root, MariaDB refuses to run without being told that this is meant. */
const asUser = process.getuid?.() === 0 ? ["--user=root"] : []

/** A small log makes the data folder 25 MB instead of 114, so that copying it takes 0.04 s. */
const logSize = "--innodb-log-file-size=8M"

/** A test's data need not outlive the server: several times faster, and a killed server may lose or tear what it had. */
const withoutDurability = [
  "--innodb-flush-log-at-trx-commit=0",
  "--innodb-flush-method=nosync",
  "--skip-innodb-doublewrite"
]

/** MySQL's character set and SQL mode, which MariaDB lacks by default: it would use latin1. */
const serverArguments = [
  "--bind-address=127.0.0.1",
  "--skip-name-resolve",
  "--skip-log-bin",
  logSize,
  "--innodb-buffer-pool-size=64M",
  "--innodb-buffer-pool-dump-at-shutdown=OFF",
  "--innodb-buffer-pool-load-at-startup=OFF",
  "--performance-schema=OFF",
  "--max-connections=500",
  "--character-set-server=utf8mb4",
  "--collation-server=utf8mb4_unicode_ci",
  "--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
]

const component = "MariaDB"

/** A template belongs to the very program that made it: another version may not read its files. */
const templateFor = (program: MariaDbProgram) =>
  Effect.promise(async () => {
    const { size, mtimeMs } = await fs.stat(program.server)
    const identity = createHash("sha256").update(`${program.server} ${size} ${mtimeMs}`).digest("hex").slice(0, 12)
    return join(devFolder, `mariadb-template-${identity}`)
  })

const copyFolder = (from: string, to: string) => Effect.tryPromise(() => fs.cp(from, to, { recursive: true }))

/** Fills an empty data folder: a copy of the template, or a first initialisation (0.7 s) that leaves the template. */
const prepareDataFolder = (program: MariaDbProgram, folder: string, dataFolder: string) =>
  Effect.gen(function* () {
    const template = yield* templateFor(program)
    if (yield* Effect.isSuccess(copyFolder(template, dataFolder))) return
    yield* runProgram({
      component,
      command: program.installer,
      args: [
        "--no-defaults",
        ...asUser,
        `--datadir=${dataFolder}`,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        logSize
      ],
      env: process.env,
      logFile: join(folder, "install.log")
    })
    const draft = join(folder, "template")
    // Renaming is atomic: another run sees a whole template or none, and the second to finish loses nothing.
    yield* copyFolder(dataFolder, draft).pipe(
      Effect.zipRight(Effect.tryPromise(() => fs.rename(draft, template))),
      Effect.ignore
    )
  })

export interface MariaDbOptions {
  /** Every commit outlives the server's death. Default false. */
  readonly durable?: boolean
}

export interface RunningMariaDb {
  readonly url: string
  readonly process: ManagedProcess
  /** The server once more on its data and its port, after its process has ended. */
  readonly startAgain: Effect.Effect<ManagedProcess, ComponentFailed>
}

/** The server that answers must be ours: on a port race it would be another one, with the same user and no password. */
const isOurs = (url: string, pidFile: string) =>
  queryServer(url, "SELECT @@pid_file AS pidFile").pipe(
    Effect.filterOrFail((rows) => rows[0]?.pidFile === pidFile),
    Effect.asVoid
  )

/** Starts a private MariaDB on a free port of 127.0.0.1, user root without a password. */
export const startMariaDb = (
  program: MariaDbProgram,
  { durable = false }: MariaDbOptions = {}
): Effect.Effect<RunningMariaDb, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("mariadb")
    const dataFolder = join(folder, "data")
    const pidFile = join(folder, "mariadb.pid")
    yield* prepareDataFolder(program, folder, dataFolder)
    const port = yield* freePort
    const options: ProcessOptions = {
      component,
      command: program.server,
      args: [
        "--no-defaults",
        ...asUser,
        `--datadir=${dataFolder}`,
        `--port=${port}`,
        // Relative to the data folder: a socket's full path may not exceed 107 bytes.
        "--socket=mariadb.sock",
        `--pid-file=${pidFile}`,
        ...serverArguments,
        ...(durable ? [] : withoutDurability)
      ],
      env: process.env,
      logFile: join(folder, "server.log")
    }
    const url = `mysql://root@127.0.0.1:${port}`
    const start = Effect.tap(startProcess(options), (server) => untilReady(options, server, isOurs(url, pidFile)))
    const startAgain = Effect.provide(start, yield* Effect.context<Scope.Scope>())
    return { url, process: yield* start, startAgain }
  }).pipe(
    // Somebody may take the port between our look and the server's bind; another port settles it.
    Effect.retry({ times: 2, while: (failure) => failure.reason === "ended" })
  )
