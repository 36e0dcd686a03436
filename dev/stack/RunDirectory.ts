import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import { hostname } from "node:os"
import { basename, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { Cause, Context, Effect, Exit, Layer } from "effect"

/** Folder of this checkout's generated files; ignored by git. */
export const devFolder = fileURLToPath(new URL("../../.dev", import.meta.url))

const runsFolder = join(devFolder, "runs")

/** The logs of failed runs. */
const failedFolder = join(devFolder, "failed")
const failedRunsKept = 5

const isAlive = (pid: number) =>
  Effect.try(() => process.kill(pid, 0)).pipe(
    Effect.as(true),
    // EPERM means that the process exists and belongs to another user.
    Effect.catchAll((failure) =>
      Effect.succeed(failure.error instanceof Error && "code" in failure.error && failure.error.code === "EPERM")
    )
  )

const remove = (folder: string) => Effect.promise(() => fs.rm(folder, { recursive: true, force: true }))

/** Removes folders of killed runs. Folders of other machines are kept. */
const removeAbandoned = Effect.gen(function* () {
  const own = `${hostname()}_`
  for (const name of yield* Effect.promise(() => fs.readdir(runsFolder))) {
    if (!name.startsWith(own)) continue
    const pid = Number.parseInt(name.slice(own.length), 10)
    if (!(yield* isAlive(pid))) yield* remove(join(runsFolder, name))
  }
})

/** Oldest first. */
const failedRuns = Effect.promise(async () => {
  const names = await fs.readdir(failedFolder)
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await fs.stat(join(failedFolder, name))).mtimeMs }))
  )
  return dated.toSorted((one, other) => one.at - other.at).map(({ name }) => join(failedFolder, name))
})

/** Keeps the logs of a failed run, of the latest few runs, and says where. Best effort: another run may clean up too. */
const keepLogs = Effect.fnUntraced(
  function* (path: string) {
    const kept = join(failedFolder, basename(path))
    const names = yield* Effect.promise(() => fs.readdir(path, { recursive: true }))
    // Servers name files of their data .log too, deeper down.
    const logs = names.filter((name) => name.endsWith(".log") && name.split(sep).length === 2)
    yield* Effect.forEach(logs, (name) => Effect.promise(() => fs.cp(join(path, name), join(kept, name))))
    if (logs.length === 0) return
    yield* Effect.forEach((yield* failedRuns).slice(0, -failedRunsKept), remove)
    yield* Effect.logInfo(`The logs of this run are in ${relative(process.cwd(), kept) || kept}`)
  },
  Effect.catchAllCause((cause) => Effect.logWarning("The logs of this run could not be kept", cause))
)

const hasFailed = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)

/**
 * A folder for this run only, `.dev/runs/<host>_<pid>_<random>`, deleted with its content at the end. After a failure its logs
 * are kept.
 */
export class RunDirectory extends Context.Tag("ctrl-worker/dev/RunDirectory")<
  RunDirectory,
  {
    readonly path: string
    /** A new folder of one component instance, for its data and log. */
    readonly folderFor: (component: string) => Effect.Effect<string>
  }
>() {}

export const RunDirectoryLive = Layer.scoped(
  RunDirectory,
  Effect.acquireRelease(
    Effect.gen(function* () {
      yield* Effect.promise(() => fs.mkdir(runsFolder, { recursive: true }))
      yield* removeAbandoned
      const path = join(runsFolder, `${hostname()}_${process.pid}_${randomBytes(3).toString("hex")}`)
      yield* Effect.promise(() => fs.mkdir(path))
      return RunDirectory.of({
        path,
        folderFor: (component) => Effect.promise(() => fs.mkdtemp(join(path, `${component}-`)))
      })
    }),
    ({ path }, exit) => Effect.zipRight(hasFailed(exit) ? keepLogs(path) : Effect.void, remove(path))
  )
)
