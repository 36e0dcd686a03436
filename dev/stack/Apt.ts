import { execFile } from "node:child_process"
import { mkdir } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { runProgram } from "./Process.ts"
import { RunDirectory, RunDirectoryLive } from "./RunDirectory.ts"
import { ComponentFailed } from "./StackFailure.ts"

/** apt waits only for dpkg's lock; downloads and list updates fail at once if another process has their lock. */
const lockFile = join(tmpdir(), "ctrl-worker-apt.lock")

/** Runs a script under a machine-wide lock for package operations. */
export const aptLocked = (script: string): readonly [command: string, args: ReadonlyArray<string>] => [
  "flock",
  [lockFile, "sh", "-euc", script]
]

/** Name of a failed installation. */
export const installer = "apt-get"

/**
 * Installs Debian packages without recommendations or prompts; safe to run concurrently. Updates the package lists only if the
 * installation fails with the present ones.
 */
export const installPackages = (packages: ReadonlyArray<string>): Effect.Effect<void, ComponentFailed, RunDirectory> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const logFile = join(run.path, "apt-get.log")
    const aptGet = (...args: ReadonlyArray<string>) =>
      runProgram({
        component: installer,
        command: "flock",
        args: [lockFile, "apt-get", "-o", "DPkg::Lock::Timeout=300", ...args],
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
        logFile
      })
    const install = aptGet("install", "-y", "--no-install-recommends", ...packages)
    yield* Effect.orElse(install, () => Effect.zipRight(aptGet("update"), install))
  })

const noArchive = new ComponentFailed({
  component: "apt-get",
  reason: "refused",
  detail: "it names no archive; is this Debian?",
  lastLines: []
})

/** Runs a script that downloads and unpacks a package without changing the machine; arguments are its $0, $1 and so on. */
export const unpackWithApt = (
  component: string,
  script: string,
  args: readonly [folder: string, ...rest: ReadonlyArray<string>]
): Effect.Effect<void, ComponentFailed> =>
  Effect.gen(function* () {
    yield* Effect.logInfo(`${component}: apt-get download`)
    const run = yield* RunDirectory
    yield* Effect.promise(() => mkdir(args[0], { recursive: true }))
    const [command, locked] = aptLocked(script)
    yield* runProgram({
      component: installer,
      command,
      args: [...locked, ...args],
      env: process.env,
      logFile: join(run.path, `${component}-download.log`)
    })
  }).pipe(Effect.provide(RunDirectoryLive))

/**
 * This machine's package archive, known even before any list was downloaded. It has every Debian release, also newer ones than
 * this machine's.
 */
export const debianArchive: Effect.Effect<string, ComponentFailed> = Effect.async<string, ComponentFailed>((resume) => {
  execFile(
    "apt-get",
    ["indextargets", "--no-release-info", "--format", "$(REPO_URI)", "Component: main"],
    (error, stdout) => {
      const [first = ""] = error === null ? stdout.split("\n") : []
      resume(first === "" ? Effect.fail(noArchive) : Effect.succeed(first))
    }
  )
})
