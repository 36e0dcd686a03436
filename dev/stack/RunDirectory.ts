import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Context, Effect, Layer } from "effect"

/** Folder of this checkout's generated files; ignored by git. */
export const devFolder = fileURLToPath(new URL("../../.dev", import.meta.url))

const runsFolder = join(devFolder, "runs")

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

/** A folder for this run only, `.dev/runs/<host>_<pid>_<random>`, deleted with its content at the end. */
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
    ({ path }) => remove(path)
  )
)
