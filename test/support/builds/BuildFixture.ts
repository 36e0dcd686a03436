import { join } from "node:path"
import { Context, Effect, Layer, Logger, Option, Redacted } from "effect"
import { type Files, type GitServer, gitServer } from "../../../dev/simulators/GitServer.ts"
import { type RunningBuildkit, startBuildkit, whyNoBuildkit } from "../../../dev/stack/Buildkit.ts"
import { findProgram } from "../../../dev/stack/Machine.ts"
import {
  findRegistry,
  localRegistry,
  localTokenRegistry,
  type Registry,
  type TokenRegistry
} from "../../../dev/stack/Registry.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { staticShell } from "../../../dev/stack/StaticShell.ts"
import type { Registry as RegistrySettings } from "../../../src/layers/builder/Registry.ts"

/** The token for the private repository, as GitHub would issue it to installation 1. */
export const gitToken = "ghs_canary-git-token"

/** The environment of real builds: a BuildKit, a registry and a git server. */
export class BuildFixture extends Context.Tag("test/BuildFixture")<
  BuildFixture,
  {
    readonly buildkit: RunningBuildkit
    readonly registry: Registry
    /** Another registry, with token authentication. */
    readonly tokenRegistry: TokenRegistry
    readonly git: GitServer
    /** `acme/shop`: a statically linked shell and Dockerfiles in `apps/web`, no base image to fetch. */
    readonly commitSha: string
    /** The files of that commit. */
    readonly files: Files
  }
>() {}

/** A RUN instruction with the shell of `shell`. */
export const run = (script: string) => `RUN ["/bin/busybox", "sh", "-c", ${JSON.stringify(script)}]`
/** The start of a Dockerfile in `apps/web` that can run commands. */
export const shell = "FROM scratch\nCOPY busybox /bin/busybox"

const filesWith = (busybox: Uint8Array): Files => ({
  "README.md": "A shop.\n",
  "apps/web/busybox": busybox,
  "apps/web/Dockerfile": `${shell.replace("scratch", "scratch AS build")}
${run("echo building; echo careful >&2; echo hello > /hello.txt")}
FROM scratch
COPY --from=build /hello.txt /hello.txt
`,
  "apps/web/failing.Dockerfile": `${shell}\n${run("echo about to fail; exit 7")}\n`,
  "apps/web/killed.Dockerfile": `${shell}\n${run("exit 137")}\n`,
  "apps/web/slow.Dockerfile": `${shell}\n${run("echo waiting; /bin/busybox sleep 600")}\n`,
  "apps/web/brief.Dockerfile": `${shell}\n${run("/bin/busybox sleep 2; /bin/busybox date > /built")}\n`,
  "apps/web/invalid.Dockerfile": "FROM scratch\nFETCH something\n",
  "apps/web/baseless.Dockerfile": "FROM docker.io/nobody/here:1\n",
  "apps/web/incomplete.Dockerfile": "FROM scratch\nCOPY not-there /\n"
})

const make = Effect.gen(function* () {
  const directory = yield* RunDirectory
  const git = yield* gitServer({
    folder: yield* directory.folderFor("git"),
    tokensOf: (repository) => (repository === "acme/public" ? null : [gitToken])
  })
  const files = filesWith(yield* staticShell)
  const commitSha = yield* git.commit("acme/shop", files)
  yield* git.commit("acme/other", { "README.md": "Nothing of the shop.\n" })
  yield* git.commit("acme/public", files, "Open")
  const parts = { buildkit: startBuildkit, registry: localRegistry, tokenRegistry: localTokenRegistry }
  return { ...(yield* Effect.all(parts, { concurrency: 3 })), git, commitSha, files }
})

export const buildFixture = Layer.scoped(BuildFixture, make).pipe(
  Layer.provide(RunDirectoryLive),
  Layer.provide(Logger.remove(Logger.defaultLogger))
)

/** Null if real builds can run here, else the reason why not. */
export const unavailableReason: Promise<string | null> = Effect.runPromise(
  Effect.gen(function* () {
    const noBuildkit = yield* whyNoBuildkit
    if (noBuildkit !== null) return noBuildkit
    const programs = yield* Effect.all([findProgram("git"), findRegistry])
    return Option.isSome(programs[0]) && (Option.isSome(programs[1]) || process.getuid?.() === 0)
      ? null
      : "no git or no docker-registry"
  })
)

export const registryOf = ({ host, password, username }: Registry): RegistrySettings => ({
  url: host,
  username,
  password: Redacted.make(password),
  insecure: true
})

/** A path in the repository, for messages. */
export const inWeb = (file: string) => join("apps/web", file)
