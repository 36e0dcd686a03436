import { access, mkdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Option } from "effect"
import { debianArchive, installPackages } from "./Apt.ts"
import { findProgram } from "./Machine.ts"
import { runProgram } from "./Process.ts"
import { devFolder, RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

export interface DebianTree {
  /** What the tree is for; a folder or an archive of this name is kept for the next run. */
  readonly name: string
  readonly suite: string
  readonly packages: ReadonlyArray<string>
  /** An archive has an owner for each file, whoever unpacks it. */
  readonly form: "folder" | "tar"
}

const isThere = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path)))

/**
 * The files of Debian packages and of what they depend on, taken from the packages without running any of their scripts: as
 * distroless images are made. Answers with the path; fetched once (four seconds here) and left for the next run. Takes root.
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
        // A suite that is always moving has lists that expire; a machine's clock may be past that.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        suite,
        draft,
        yield* debianArchive
      ],
      env: process.env,
      logFile: join(folder, "mmdebstrap.log")
    })
    // Renaming is atomic: another run sees all of it or none, and the second to finish loses nothing.
    yield* Effect.promise(() => rename(draft, kept).catch(() => rm(draft, { recursive: true, force: true })))
    return kept
  })
