import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { queryServer } from "./MySqlConnection.ts"
import { freePort } from "./Port.ts"
import { type ManagedProcess, type ProcessOptions, runProgram, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { devFolder, RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

export interface CommandLine {
  readonly command: string
  readonly args: ReadonlyArray<string>
}

/** A server program with MySQL's protocol, and how to create and run a private instance. */
export interface DatabaseProgram {
  readonly component: string
  /** The server's executable; data folders belong to its version. */
  readonly server: string
  /** Initializes an empty data folder in which `root` can log in from 127.0.0.1 without a password. May write to `folder`. */
  readonly initialise: (dataFolder: string, folder: string) => Effect.Effect<CommandLine>
  /** The first arguments of the server, common to all instances. */
  readonly start: CommandLine
  /** Additional arguments of instances without durability. */
  readonly withoutDurability: ReadonlyArray<string>
}

/** Run by root, the servers need an explicit flag. */
export const asUser = process.getuid?.() === 0 ? ["--user=root"] : []

/** A template belongs to the exact program that created it: another version may not read its files. */
const templateFor = (program: DatabaseProgram) =>
  Effect.promise(async () => {
    const { size, mtimeMs } = await fs.stat(program.server)
    const identity = createHash("sha256").update(`${program.server} ${size} ${mtimeMs}`).digest("hex").slice(0, 12)
    return join(devFolder, `${program.component.toLowerCase()}-template-${identity}`)
  })

const copyFolder = (from: string, to: string) => Effect.tryPromise(() => fs.cp(from, to, { recursive: true }))

/** Initializes a data folder: from the template, or anew (0.7 to 3 s), which creates the template. */
const prepareDataFolder = (program: DatabaseProgram, folder: string, dataFolder: string) =>
  Effect.gen(function* () {
    const template = yield* templateFor(program)
    if (yield* Effect.isSuccess(copyFolder(template, dataFolder))) return
    yield* runProgram({
      component: program.component,
      ...(yield* program.initialise(dataFolder, folder)),
      env: process.env,
      logFile: join(folder, "install.log")
    })
    const draft = join(folder, "template")
    // Atomic rename: another run sees a complete template or none, and the second to finish loses nothing.
    yield* copyFolder(dataFolder, draft).pipe(
      Effect.zipRight(Effect.tryPromise(() => fs.rename(draft, template))),
      Effect.ignore
    )
  })

export interface PrivateDatabaseOptions {
  /** Durable commits. Default false. */
  readonly durable?: boolean
  /** Further arguments of the server, which take precedence. */
  readonly args?: ReadonlyArray<string>
}

export interface PrivateDatabase {
  readonly url: string
  readonly process: ManagedProcess
  /** Restarts the server on its data and port, after its process has ended. */
  readonly startAgain: Effect.Effect<ManagedProcess, ComponentFailed>
}

/**
 * Verifies that the responding server is this one: after a port race it could be another with the same user and no password.
 */
const isOurs = (url: string, pidFile: string) =>
  queryServer(url, "SELECT @@pid_file AS pidFile").pipe(
    Effect.filterOrFail((rows) => rows[0]?.pidFile === pidFile),
    Effect.asVoid
  )

/** Starts a private server on a free port of 127.0.0.1, user root without a password. */
export const startDatabase = (
  program: DatabaseProgram,
  { args = [], durable = false }: PrivateDatabaseOptions = {}
): Effect.Effect<PrivateDatabase, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const { component } = program
    const run = yield* RunDirectory
    const folder = yield* run.folderFor(component.toLowerCase())
    const dataFolder = join(folder, "data")
    const pidFile = join(folder, "server.pid")
    yield* prepareDataFolder(program, folder, dataFolder)
    const port = yield* freePort
    const options: ProcessOptions = {
      component,
      command: program.start.command,
      args: [
        ...program.start.args,
        `--datadir=${dataFolder}`,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
        // Relative to the data folder: a socket's full path is limited to 107 bytes.
        "--socket=server.sock",
        `--pid-file=${pidFile}`,
        ...(durable ? [] : program.withoutDurability),
        ...args
      ],
      env: process.env,
      logFile: join(folder, "server.log")
    }
    const url = `mysql://root@127.0.0.1:${port}`
    const start = Effect.tap(startProcess(options), (server) => untilReady(options, server, isOurs(url, pidFile)))
    const startAgain = Effect.provide(start, yield* Effect.context<Scope.Scope>())
    return { url, process: yield* start, startAgain }
  }).pipe(
    // Another process may take the port between check and bind; retry with another port.
    Effect.retry({ times: 2, while: (failure) => failure.reason === "ended" })
  )
