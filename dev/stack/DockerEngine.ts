import { access, chmod, mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Option } from "effect"
import { debianArchive, installPackages } from "./Apt.ts"
import { canInstallPackages, findProgram } from "./Machine.ts"
import { runProgram } from "./Process.ts"
import { devFolder, RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

/**
 * Debian 12's Docker Engine is too old: its BuildKit cannot build a directory of a git repository. The static programs of a
 * newer Debian run here; only runc must be this Debian's.
 */
const suite = "sid"
const programs = ["dockerd", "containerd", "containerd-shim-runc-v2", "ctr", "docker-init", "docker-proxy"]
const binFolder = join(devFolder, `docker-engine-${suite}`)

export const engineHelpers = ["mmdebstrap", "runc", "iproute2"]

const isThere = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path)))

/** The folder of the programs, if already downloaded. */
export const findEngine: Effect.Effect<Option.Option<string>> = Effect.map(
  isThere(join(binFolder, "dockerd")),
  (there) => (there ? Option.some(binFolder) : Option.none())
)

/** Starting containers needs root; downloading the programs needs Debian. */
export const canInstallEngine = canInstallPackages

const collect = (root: string, runc: string) =>
  Effect.promise(async () => {
    const draft = await mkdtemp(join(devFolder, "docker-engine-"))
    for (const program of programs) {
      for (const folder of ["usr/sbin", "usr/bin"]) {
        await rename(join(root, folder, program), join(draft, program)).catch(() => undefined)
      }
    }
    await symlink(runc, join(draft, "runc"))
    await chmod(draft, 0o755)
    // Atomic rename: another run sees all programs or none, and the second to finish loses nothing.
    await rename(draft, binFolder).catch(() => rm(draft, { recursive: true, force: true }))
  })

/** Downloads the programs (six seconds here), and keeps them for the next run. */
export const installEngine: Effect.Effect<string, ComponentFailed, RunDirectory> = Effect.gen(function* () {
  const run = yield* RunDirectory
  const folder = yield* run.folderFor("docker-engine")
  yield* installPackages(engineHelpers)
  yield* Effect.promise(() => mkdir(devFolder, { recursive: true }))
  const root = join(folder, "root")
  yield* runProgram({
    component: "mmdebstrap",
    command: "mmdebstrap",
    args: [
      "--variant=extract",
      "--include=docker.io,containerd",
      // A rolling suite's lists expire, perhaps before this machine's clock.
      '--aptopt=Acquire::Check-Valid-Until "false"',
      suite,
      root,
      yield* debianArchive
    ],
    env: process.env,
    logFile: join(folder, "mmdebstrap.log")
  })
  const runc = yield* Effect.map(
    findProgram("runc"),
    Option.getOrElse(() => "/usr/sbin/runc")
  )
  yield* collect(root, runc)
  yield* Effect.promise(() => rm(root, { recursive: true, force: true }))
  return binFolder
})
