import { execFile } from "node:child_process"
import { mkdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer, Option } from "effect"
import { startBuildkit, whyNoBuildkit } from "../stack/Buildkit.ts"
import { debianTree } from "../stack/DebianTree.ts"
import { dockerAnswers, findProgram } from "../stack/Machine.ts"
import { RunDirectory, RunDirectoryLive } from "../stack/RunDirectory.ts"
import { ComponentFailed, ComponentMissing, type StackFailure } from "../stack/StackFailure.ts"

/** The Docker CLI, with an engine that builds with BuildKit and runs images. */
export class DockerClient extends Context.Tag("ctrl-worker/dev/DockerClient")<
  DockerClient,
  {
    /** Runs `docker` with these arguments and returns its output; fails with the end of its error output. */
    readonly docker: (...args: ReadonlyArray<string>) => Effect.Effect<string, ComponentFailed>
    /** The output of a container on both streams; empty if it does not exist. */
    readonly logs: (container: string) => Effect.Effect<string>
    /** Environment variables with which `docker` finds its engine. */
    readonly env: Readonly<Record<string, string | undefined>>
    readonly program: string
    /** Its source, for logs. */
    readonly source: string
    /** An engine for this run only, with the host network and without a registry of base images. */
    readonly isPrivate: boolean
  }
>() {}

const component = "docker"
const reportedLines = 30

const clientOf =
  (program: string, env: Readonly<Record<string, string | undefined>>) =>
  (...args: ReadonlyArray<string>): Effect.Effect<string, ComponentFailed> =>
    Effect.async((resume, signal) => {
      execFile(program, args, { env, maxBuffer: 64 * 1024 * 1024, signal }, (error, output, complaints) =>
        resume(
          error === null
            ? Effect.succeed(output)
            : Effect.fail(
                new ComponentFailed({
                  component,
                  reason: "refused",
                  detail: args.slice(0, 2).join(" "),
                  lastLines: complaints.trimEnd().split("\n").slice(-reportedLines)
                })
              )
        )
      )
    })

const logsOf =
  (program: string, env: Readonly<Record<string, string | undefined>>) =>
  (container: string): Effect.Effect<string> =>
    Effect.async((resume) => {
      execFile(program, ["logs", container], { env, maxBuffer: 64 * 1024 * 1024 }, (error, output, complaints) =>
        resume(Effect.succeed(error === null ? `${output}${complaints}` : ""))
      )
    })

const connect = (program: string, env: Readonly<Record<string, string | undefined>>) => ({
  docker: clientOf(program, env),
  logs: logsOf(program, env),
  program,
  env
})

/** The engine's own client may lack buildx. The static client of a newer Debian runs here. */
const fetchedClient = Effect.gen(function* () {
  const tree = yield* debianTree({
    name: "docker-client",
    suite: "sid",
    packages: ["docker-cli", "docker-buildx"],
    form: "folder"
  })
  const run = yield* RunDirectory
  // The client's folder stores builders, so it is private to this run.
  const folder = yield* run.folderFor("docker-client")
  yield* Effect.promise(async () => {
    await mkdir(join(folder, "cli-plugins"))
    const plugin = "usr/libexec/docker/cli-plugins/docker-buildx"
    await symlink(join(tree, plugin), join(folder, "cli-plugins/docker-buildx"))
  })
  return { program: join(tree, "usr/bin/docker"), folder }
})

const missing = new ComponentMissing({
  component: "Docker Engine",
  remedies: [
    "start Docker 23 or newer, with buildx",
    "run as root on Debian: Docker Engine's programs are fetched and started with data of their own"
  ]
})

const socketScheme = "docker://"

const privateClient = Effect.gen(function* () {
  const { address, source } = yield* startBuildkit
  // A bare buildkitd cannot run containers.
  if (!address.startsWith(socketScheme)) return yield* missing
  const { folder, program } = yield* fetchedClient
  const env = {
    ...process.env,
    DOCKER_HOST: `unix://${address.slice(socketScheme.length)}`,
    DOCKER_CONFIG: folder,
    DOCKER_CONTEXT: undefined
  }
  return { ...connect(program, env), source, isPrivate: true }
})

const answeringEngine = Effect.gen(function* () {
  const found = yield* findProgram("docker")
  if (Option.isNone(found) || !(yield* dockerAnswers)) return Option.none()
  const client = connect(found.value, process.env)
  if (!(yield* Effect.isSuccess(client.docker("buildx", "version")))) return Option.none()
  return Option.some({ ...client, source: "Docker of this machine", isPrivate: false })
})

/** Null if this machine can build and run an image, else the reason why not. */
export const whyNoImages: Effect.Effect<string | null> = Effect.gen(function* () {
  if (Option.isSome(yield* answeringEngine)) return null
  const given = process.env.STACK_BUILDKIT_ADDRESS
  if (given !== undefined && !given.startsWith(socketScheme))
    return "the BuildKit of STACK_BUILDKIT_ADDRESS runs no images"
  return yield* whyNoBuildkit
})

/** This machine's Docker if it responds, else a private engine. Removed with the scope. */
export const dockerClient: Layer.Layer<DockerClient, StackFailure> = Layer.scoped(
  DockerClient,
  Effect.flatMap(answeringEngine, Option.match({ onSome: Effect.succeed, onNone: () => privateClient }))
).pipe(Layer.provide(RunDirectoryLive))
