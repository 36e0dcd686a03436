import { execFile } from "node:child_process"
import { mkdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { Context, Effect, Layer, Option } from "effect"
import { startBuildkit, whyNoBuildkit } from "../stack/Buildkit.ts"
import { debianTree } from "../stack/DebianTree.ts"
import { dockerAnswers, findProgram } from "../stack/Machine.ts"
import { RunDirectory, RunDirectoryLive } from "../stack/RunDirectory.ts"
import { ComponentFailed, ComponentMissing, type StackFailure } from "../stack/StackFailure.ts"

/** Docker's command line, with an engine that builds images with BuildKit and runs them. */
export class DockerClient extends Context.Tag("ctrl-worker/dev/DockerClient")<
  DockerClient,
  {
    /** Runs `docker` with these arguments and answers with what it printed; fails with the end of its complaints. */
    readonly docker: (...args: ReadonlyArray<string>) => Effect.Effect<string, ComponentFailed>
    /** All that a container has written to its two outputs; empty when there is no such container. */
    readonly logs: (container: string) => Effect.Effect<string>
    /** The environment that makes `docker` find its engine. */
    readonly env: Readonly<Record<string, string | undefined>>
    readonly program: string
    /** Where it came from, for a person to read. */
    readonly source: string
    /** An engine of this run alone, which has no network but the machine's and no registry of base images. */
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

/** The engine's own client may lack buildx. That of a newer Debian runs here as it is, as its engine does. */
const fetchedClient = Effect.gen(function* () {
  const tree = yield* debianTree({
    name: "docker-client",
    suite: "sid",
    packages: ["docker-cli", "docker-buildx"],
    form: "folder"
  })
  const run = yield* RunDirectory
  // Builders are remembered in the client's folder, so it is of this run alone.
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
  // A bare buildkitd builds, and runs nothing.
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

/** Null when this machine can build and run an image, else why not, for a person to read. */
export const whyNoImages: Effect.Effect<string | null> = Effect.gen(function* () {
  if (Option.isSome(yield* answeringEngine)) return null
  const given = process.env.STACK_BUILDKIT_ADDRESS
  if (given !== undefined && !given.startsWith(socketScheme))
    return "the BuildKit of STACK_BUILDKIT_ADDRESS runs no images"
  return yield* whyNoBuildkit
})

/** Docker of this machine where it answers, else a private engine. Gone with the scope. */
export const dockerClient: Layer.Layer<DockerClient, StackFailure> = Layer.scoped(
  DockerClient,
  Effect.flatMap(answeringEngine, Option.match({ onSome: Effect.succeed, onNone: () => privateClient }))
).pipe(Layer.provide(RunDirectoryLive))
