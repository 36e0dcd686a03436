import { access, mkdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Option } from "effect"
import { debianArchive, installPackages } from "./Apt.ts"
import { findProgram } from "./Machine.ts"
import { runProgram } from "./Process.ts"
import { devFolder, RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

export interface DebianTree {
  /** The tree's name; its folder or archive is kept for the next run. */
  readonly name: string
  readonly suite: string
  readonly packages: ReadonlyArray<string>
  /** An archive has an owner for each file, whichever user unpacks it. */
  readonly form: "folder" | "tar"
}

const isThere = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path)))

/**
 * The files of Debian packages and their dependencies, without running package scripts, as distroless images are built. Returns
 * the path; downloaded once (four seconds here) and kept. Needs root.
 */
export const debianTree = ({
  form,
  name,
  packages,
  suite
}: DebianTree): Effect.Effect<string, ComponentFailed, RunDirectory> =>
  Effect.gen(function* () {
    const kept = join(devFolder, form === "tar" ? `${name}-${suite}.tar` : `${name}-${suite}`)
    if (yield* isThere(kept)) return kept
    yield* Effect.logInfo(`Debian ${suite}: fetching ${packages.join(", ")}`)
    const run = yield* RunDirectory
    const folder = yield* run.folderFor(name)
    if (Option.isNone(yield* findProgram("mmdebstrap"))) yield* installPackages(["mmdebstrap"])
    yield* Effect.promise(() => mkdir(devFolder, { recursive: true }))
    const draft = join(folder, form === "tar" ? "tree.tar" : "tree")
    yield* runProgram({
      component: "mmdebstrap",
      command: "mmdebstrap",
      args: [
        "--variant=extract",
        `--include=${packages.join(",")}`,
        // A rolling suite's lists expire, perhaps before this machine's clock.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        suite,
        draft,
        yield* debianArchive
      ],
      env: process.env,
      logFile: join(folder, "mmdebstrap.log")
    })
    // Atomic rename: another run sees the complete tree or none, and the second to finish loses nothing.
    yield* Effect.promise(() => rename(draft, kept).catch(() => rm(draft, { recursive: true, force: true })))
    return kept
  })
