import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Deferred, Duration, Effect, type Scope } from "effect"
import { inRealTime } from "./RealTime.ts"
import { ComponentFailed } from "./StackFailure.ts"

/** MariaDB stops in under 0.1 s and Restate in under 1 s; a process that takes longer than this is stuck. */
const stopBound = Duration.seconds(10)
const reportedLines = 20

export interface ProcessOptions {
  readonly component: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logFile: string
}

export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A child process that never outlives its scope or this process, however that ends. */
export interface ManagedProcess {
  readonly pid: number
  /** Succeeds once the process has ended, for any reason. */
  readonly ended: Effect.Effect<ExitStatus>
  /** Fails if the process ends unexpectedly. */
  readonly unexpectedEnd: Effect.Effect<never, ComponentFailed>
  /** Sends the signal and waits for the end; no effect if the process has ended. */
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<ExitStatus>
}

const lastLines = (logFile: string): ReadonlyArray<string> =>
  readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-reportedLines)

/** A component's failure, with the end of its log. */
export const componentFailed = (
  options: Pick<ProcessOptions, "component" | "logFile">,
  reason: ComponentFailed["reason"],
  detail: string
): Effect.Effect<ComponentFailed> =>
  Effect.try(() => lastLines(options.logFile)).pipe(
    Effect.orElseSucceed((): ReadonlyArray<string> => []),
    Effect.map(
      (lines) =>
        new ComponentFailed({
          component: options.component,
          reason,
          detail,
          log: join(basename(dirname(options.logFile)), basename(options.logFile)),
          lastLines: lines
        })
    )
  )

/**
 * A shell that waits on a pipe of this process and kills the child when the pipe closes. It covers SIGKILL of this process,
 * where no finalizer runs, on every POSIX system.
 */
const watch = (child: ChildProcess, pid: number) => {
  const watchdog = spawn("sh", ["-c", 'read -r _; kill -s KILL -- "-$0"', String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  watchdog.on("error", () => child.kill("SIGKILL"))
  watchdog.stdin?.on("error", () => undefined)
  child.once("exit", () => watchdog.kill("SIGKILL"))
}

/**
 * `detached` makes the child a process group leader: a terminal's Ctrl-C does not reach it, so the scope can stop the children
 * in order, and a script is signalled together with its children.
 */
const launch = (options: ProcessOptions, ended: Deferred.Deferred<ExitStatus>) =>
  Effect.async<number, ComponentFailed>((resume) => {
    const log = openSync(options.logFile, "a")
    const child = spawn(options.command, options.args, {
      env: options.env,
      detached: true,
      stdio: ["ignore", log, log]
    })
    closeSync(log)
    child.once("exit", (code, signal) => Deferred.unsafeDone(ended, Effect.succeed({ code, signal })))
    child.once("error", (error) =>
      resume(Effect.flatMap(componentFailed(options, "did not start", error.message), Effect.fail))
    )
    child.once("spawn", () => {
      const pid = child.pid
      if (pid === undefined) return
      watch(child, pid)
      resume(Effect.succeed(pid))
    })
  })

/** Starts a process; closing the scope sends SIGTERM and, after 10 s, SIGKILL. Its output goes to `logFile`. */
export const startProcess = (options: ProcessOptions): Effect.Effect<ManagedProcess, ComponentFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const ended = yield* Deferred.make<ExitStatus>()
      const pid = yield* launch(options, ended)
      let asked = false
      const kill = (signal: NodeJS.Signals) =>
        Effect.gen(function* () {
          asked = true
          // After its end, the pid may belong to another process.
          if (!(yield* Deferred.isDone(ended))) yield* Effect.ignore(Effect.try(() => process.kill(-pid, signal)))
          return yield* Deferred.await(ended)
        })
      const unexpectedEnd = Deferred.await(ended).pipe(
        Effect.flatMap((status) =>
          asked ? Effect.never : componentFailed(options, "ended", status.signal ?? `exit code ${status.code}`)
        ),
        Effect.flatMap(Effect.fail)
      )
      const managed: ManagedProcess = { pid, ended: Deferred.await(ended), unexpectedEnd, kill }
      return managed
    }),
    (started) =>
      started.kill("SIGTERM").pipe(
        // Finalizers are uninterruptible, so the timeout needs an interruptible region.
        Effect.interruptible,
        Effect.timeoutTo({
          duration: stopBound,
          onSuccess: Effect.succeed,
          onTimeout: () => started.kill("SIGKILL")
        }),
        Effect.flatten,
        inRealTime
      )
  )

/** Fails as soon as one of them ends unexpectedly; a partial stack is useless. */
export const untilOneEnds = (
  processes: ReadonlyArray<Pick<ManagedProcess, "unexpectedEnd">>
): Effect.Effect<never, ComponentFailed> =>
  Effect.all(
    processes.map((it) => it.unexpectedEnd),
    { concurrency: "unbounded", discard: true }
  ).pipe(Effect.zipRight(Effect.never))

/** Runs a program to its end; any exit code but 0 is a failure with its last output lines. */
export const runProgram = (options: ProcessOptions): Effect.Effect<void, ComponentFailed> =>
  startProcess(options).pipe(
    Effect.flatMap((started) => started.ended),
    Effect.flatMap((status) =>
      status.code === 0
        ? Effect.void
        : Effect.flatMap(componentFailed(options, "ended", status.signal ?? `exit code ${status.code}`), Effect.fail)
    ),
    Effect.scoped
  )
