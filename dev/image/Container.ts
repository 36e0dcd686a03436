import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Duration, Effect, type Option, Schedule, Schema, type Scope } from "effect"
import { freePort } from "../stack/Port.ts"
import { inRealTime } from "../stack/RealTime.ts"
import { RunDirectory } from "../stack/RunDirectory.ts"
import { ComponentFailed } from "../stack/StackFailure.ts"
import { type Confinement, confinementOf } from "./confinement.ts"
import { cpuTimeOf } from "./cpuTime.ts"
import { DockerClient } from "./DockerClient.ts"

export interface ContainerOptions {
  readonly image: string
  /** WORKER_ settings, except the ports, which are chosen here. */
  readonly env: Readonly<Record<string, string>>
}

/** A ready worker in a container. */
export interface Container {
  /** URLs of its Restate endpoint and its health. */
  readonly url: string
  /** Time from the start command until readiness returns 200. */
  readonly startToReady: Duration.Duration
  /** CPU time of the start, independent of the machine's load; none if its processes are not visible on this machine. */
  readonly cpuToReady: Option.Option<Duration.Duration>
  /** Its process's privileges, from the kernel; none if its processes are not visible on this machine. */
  readonly confinement: Effect.Effect<Option.Option<Confinement>>
  /** Its output. */
  readonly logs: Effect.Effect<string>
  /** Stops it as `docker stop` does; returns its exit. */
  readonly stop: Effect.Effect<{ readonly exitCode: number; readonly took: Duration.Duration }, ComponentFailed>
}

/** No privileges and no writable path, not even for temporary files. */
const confined = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]

/** Stop timeout: the drain takes at most 25 s by default; then Docker kills the container. */
const stopTimeout = 30

const reportedLines = 20

/** Limit of a start on a loaded machine; the actual time is measured. */
const readyBound = Duration.seconds(60)

const State = Schema.parseJson(Schema.Struct({ Pid: Schema.Number, Running: Schema.Boolean, ExitCode: Schema.Number }))

/**
 * A shell that waits on a pipe of this process and removes the container when the pipe closes. It covers SIGKILL of this
 * process, where no finalizer runs. A private engine is gone by then: its container's first process, a group leader, and the
 * shim that watched it remain.
 */
const watch = (program: string, env: Readonly<Record<string, string | undefined>>, name: string, pid: number) => {
  const script = `while read -r field value; do [ "$field" = PPid: ] && shim=$value; done < "/proc/$2/status"
read -r _
"$0" rm --force "$1" || kill -s KILL -- "-$2" "$shim"`
  const watchdog = spawn("sh", ["-c", script, program, name, String(pid)], {
    env,
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  watchdog.on("error", () => undefined)
  watchdog.stdin?.on("error", () => undefined)
  return watchdog
}

const isReady = (url: string) =>
  Effect.flatMap(HttpClient.HttpClient, (http) => HttpClient.filterStatusOk(http).get(`${url}/health/ready`)).pipe(
    Effect.flatMap((response) => response.text),
    Effect.asVoid,
    Effect.provide(FetchHttpClient.layer)
  )

/** The settings in a file that only this user can read: every local user can read arguments. */
const settingsFile = (settings: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const file = join(yield* run.folderFor("container"), "settings.env")
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    yield* Effect.promise(() => writeFile(file, lines.join("\n"), { mode: 0o600 }))
    return file
  })

/** Handles of a container, whatever it runs. */
const handle = (name: string) =>
  Effect.map(DockerClient, ({ docker, logs }) => {
    const inspect = docker("inspect", "--format={{json .State}}", name)
    const state = Effect.orDie(Effect.flatMap(inspect, Schema.decode(State)))
    const failed = (reason: ComponentFailed["reason"], detail: string) =>
      Effect.flatMap(logs(name), (text) => {
        const lastLines = text.trimEnd().split("\n").slice(-reportedLines)
        return Effect.fail(new ComponentFailed({ component: "Container", reason, detail, lastLines }))
      })
    const stop = Effect.gen(function* () {
      const [took] = yield* inRealTime(Effect.timed(docker("stop", "-t", String(stopTimeout), name)))
      return { exitCode: (yield* state).ExitCode, took }
    })
    /** Fails if it ends first or exceeds the limit. */
    const untilReady = (url: string) =>
      isReady(url).pipe(
        Effect.timeout("2 seconds"),
        Effect.mapError(() => "not yet" as const),
        Effect.retry(Schedule.spaced("10 millis")),
        Effect.timeout(readyBound),
        Effect.catchAll(() => failed("not ready in time", Duration.format(readyBound))),
        Effect.raceFirst(Effect.flatMap(docker("wait", name), (code) => failed("ended", `exit code ${code.trim()}`))),
        inRealTime
      )
    return { state, stop, untilReady, logs: logs(name) }
  })

/** Starts the image with a cluster's restrictions, on the host network, and waits until it is ready. */
export const startContainer = (
  options: ContainerOptions
): Effect.Effect<Container, ComponentFailed, DockerClient | RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const { docker, env, program } = yield* DockerClient
    const port = yield* freePort
    const url = `http://127.0.0.1:${port}`
    const settings = { WORKER_RESTATE_REGISTER_AS: url, ...options.env, WORKER_RESTATE_HTTP_PORT: String(port) }
    const name = `control-plane-worker-${randomBytes(6).toString("hex")}`
    const named = [`--name=${name}`, `--env-file=${yield* settingsFile(settings)}`]
    const { logs, state, stop, untilReady } = yield* handle(name)
    const started = yield* Effect.sync(() => performance.now())
    yield* Effect.acquireRelease(
      docker("run", "--detach", "--network=host", ...confined, ...named, options.image),
      () => Effect.ignore(docker("rm", "--force", name))
    )
    const { Pid: pid } = yield* state
    yield* Effect.acquireRelease(
      Effect.sync(() => watch(program, env, name, pid)),
      (watchdog) => Effect.sync(() => watchdog.kill("SIGKILL"))
    )
    yield* untilReady(url)
    const startToReady = Duration.millis(yield* Effect.sync(() => performance.now() - started))
    const cpuToReady = yield* Effect.sync(() => cpuTimeOf(pid))
    const confinement = Effect.sync(() => confinementOf(pid))
    return { url, startToReady, cpuToReady, confinement, logs, stop }
  })
