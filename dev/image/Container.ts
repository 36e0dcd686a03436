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
  /** WORKER_ settings beside the ports, which are chosen here. */
  readonly env: Readonly<Record<string, string>>
}

/** A worker in a container of its own, ready. */
export interface Container {
  /** Where Restate finds its handlers and everybody its health. */
  readonly url: string
  /** From the command that starts it until its readiness says 200. */
  readonly startToReady: Duration.Duration
  /** What it computed meanwhile, which other programs' load does not lengthen; none where its processes are not this machine's. */
  readonly cpuToReady: Option.Option<Duration.Duration>
  /** What the kernel lets its process do; none where its processes are not this machine's. */
  readonly confinement: Effect.Effect<Option.Option<Confinement>>
  /** All that it has written. */
  readonly logs: Effect.Effect<string>
  /** Stops it as `docker stop` does, and says how it ended. */
  readonly stop: Effect.Effect<{ readonly exitCode: number; readonly took: Duration.Duration }, ComponentFailed>
}

/** No rights, no writable file anywhere: not even a folder for temporary files. */
const confined = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]

/** The longest a worker takes to drain, 25 s unless set otherwise, and some more: past it Docker kills. */
const stopTimeout = 30

const reportedLines = 20

/** How long a start may take on a loaded machine before it counts as failed; what it takes is measured. */
const readyBound = Duration.seconds(60)

const State = Schema.parseJson(Schema.Struct({ Pid: Schema.Number, Running: Schema.Boolean, ExitCode: Schema.Number }))

/**
 * A shell that waits on a pipe only this process holds and removes the container when the pipe closes. It covers SIGKILL of
 * this process, where no finalizer runs. A private engine is gone by then: what is left are the container's first process,
 * which leads a group, and the one that was watching it for the engine.
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

/** The settings in a file that only this user reads: in arguments they would be everybody's to read. */
const settingsFile = (settings: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const file = join(yield* run.folderFor("container"), "settings.env")
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    yield* Effect.promise(() => writeFile(file, lines.join("\n"), { mode: 0o600 }))
    return file
  })

/** What there is to know of a container and to do with it, whatever it runs. */
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
    /** Fails when it ends first, and when it takes too long. */
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

/** Starts the image as a stranger's cluster would, on the network of the machine, and waits until it is ready. */
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
