import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { Config, Effect, Option, type Scope } from "effect"
import { canInstallEngine, findEngine, installEngine } from "./DockerEngine.ts"
import { type ManagedProcess, type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory } from "./RunDirectory.ts"
import { ComponentFailed, ComponentMissing, type StackFailure } from "./StackFailure.ts"

/** A BuildKit that can push to registries on loopback over plain HTTP. */
export interface RunningBuildkit {
  /** The value of `builder.buildkit_address`. */
  readonly address: string
  /** Its source, for logs. */
  readonly source: string
  /** The daemon's process, if this run started one. */
  readonly process: Option.Option<ManagedProcess>
}

const addressInEnvironment = Config.option(Config.nonEmptyString("STACK_BUILDKIT_ADDRESS")).pipe(Effect.orDie)

const missing = new ComponentMissing({
  component: "BuildKit",
  remedies: [
    "STACK_BUILDKIT_ADDRESS=tcp://host:1234   (a buildkitd of yours that reaches 127.0.0.1 of this machine)",
    "run as root on Debian: Docker Engine's programs are fetched and started with data of their own"
  ]
})

/** Null if this machine can provide a BuildKit, else the reason why not. */
export const whyNoBuildkit: Effect.Effect<string | null> = Effect.gen(function* () {
  const isRoot = process.getuid?.() === 0
  if (Option.isSome(yield* addressInEnvironment)) return null
  if (isRoot && (Option.isSome(yield* findEngine) || (yield* canInstallEngine))) return null
  return "no BuildKit: set STACK_BUILDKIT_ADDRESS, or run as root on Debian"
})

const component = "Docker Engine"

const ip = (...args: ReadonlyArray<string>) =>
  Effect.async<void, ComponentFailed>((resume) => {
    execFile("ip", args, (error, _, errors) =>
      resume(
        error === null
          ? Effect.void
          : new ComponentFailed({
              component: "ip",
              reason: "refused",
              detail: error.message,
              lastLines: [errors.trim()]
            })
      )
    )
  })

/**
 * A dedicated network. Otherwise the engine would use `docker0`, or delete it with `--bridge none`, and with it the network of
 * a running engine.
 */
const bridge = Effect.acquireRelease(
  Effect.suspend(() => {
    // A network device name has at most 15 characters.
    const name = `cwbk${randomBytes(4).toString("hex")}`
    return Effect.as(ip("link", "add", "name", name, "type", "bridge"), name)
  }),
  (name) => Effect.ignore(ip("link", "delete", name))
)

/** Folder of sockets: their full path is limited to 107 bytes, and the engine creates some of its own. */
const socketFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "cwbk-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const answers = (socketPath: string) =>
  Effect.async<void, string>((resume) => {
    const ping = request({ socketPath, path: "/_ping" }, (response) => {
      response.resume()
      resume(response.statusCode === 200 ? Effect.void : Effect.fail("not yet"))
    })
    ping.on("error", () => resume(Effect.fail("not yet")))
    ping.end()
    return Effect.sync(() => ping.destroy())
  })

/** Starts an engine with its own data folder, network and socket, and without its firewall rules. */
const startEngine = (bin: string): Effect.Effect<RunningBuildkit, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("buildkit")
    const sockets = yield* socketFolder
    const socket = join(sockets, "d.sock")
    const options: ProcessOptions = {
      component,
      // A private mount namespace: its mounts disappear with its last process.
      command: "unshare",
      args: [
        "--mount",
        join(bin, "dockerd"),
        `--data-root=${join(folder, "data")}`,
        `--exec-root=${join(sockets, "exec")}`,
        `--pidfile=${join(folder, "d.pid")}`,
        `--host=unix://${socket}`,
        `--bridge=${yield* bridge}`,
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--insecure-registry=127.0.0.0/8",
        // BuildKit can push its images only with containerd's image store.
        "--feature=containerd-snapshotter=true"
      ],
      env: { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) },
      logFile: join(folder, "engine.log")
    }
    const engine = yield* startProcess(options)
    yield* untilReady(options, engine, answers(socket))
    return { address: `docker://${socket}`, source: `private Docker Engine (${bin})`, process: Option.some(engine) }
  })

/** The BuildKit named by the environment, or a private one. Stopped with the scope. */
export const startBuildkit: Effect.Effect<RunningBuildkit, StackFailure, RunDirectory | Scope.Scope> = Effect.gen(
  function* () {
    const address = yield* addressInEnvironment
    if (Option.isSome(address)) {
      return { address: address.value, source: "STACK_BUILDKIT_ADDRESS", process: Option.none() }
    }
    if (process.getuid?.() !== 0) return yield* missing
    const found = yield* findEngine
    if (Option.isSome(found)) return yield* startEngine(found.value)
    if (!(yield* canInstallEngine)) return yield* missing
    yield* Effect.logInfo(`${component}: fetching its programs`)
    return yield* startEngine(yield* installEngine)
  }
)
