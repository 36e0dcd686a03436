import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Schedule, Schema, Scope } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { MySqlServer, mySqlServer } from "../../dev/stack/MySqlServer.ts"
import { untilOneEnds } from "../../dev/stack/Process.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { restateClient } from "../support/stack/Restate.ts"

const Held = Schema.parseJson(
  Schema.Struct({
    pids: Schema.Array(Schema.Number),
    folder: Schema.String,
    mysql: Schema.String,
    ingress: Schema.String,
    admin: Schema.String
  })
)

const program = fileURLToPath(new URL("../support/stack/heldStack.ts", import.meta.url))

/** A stack held by another process, as soon as that one says that it is up. */
const heldStack = Effect.acquireRelease(
  Effect.sync(() => spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] })),
  (holder) => Effect.sync(() => holder.kill("SIGKILL"))
).pipe(
  Effect.flatMap((holder) =>
    Effect.map(
      Effect.async<string>((resume) => {
        holder.stdout.once("data", (line) => resume(Effect.succeed(String(line))))
      }).pipe(Effect.flatMap(Schema.decode(Held))),
      (held) => ({ ...held, holder })
    )
  )
)

/** On Linux, a process that ended but was not waited for is still listed, in state Z. */
const isZombie = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))

const isAlive = (pid: number) =>
  Effect.runSync(Effect.isSuccess(Effect.try(() => process.kill(pid, 0)))) && !isZombie(pid)

/** Gone within 15 seconds: an orderly stop takes 1, and SIGKILL follows after 10. */
const untilGone = (pids: ReadonlyArray<number>) =>
  Effect.sync(() => pids.filter(isAlive)).pipe(
    Effect.filterOrFail((alive) => alive.length === 0),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("15 seconds"),
    inRealTime
  )

describe("a stack's processes", () => {
  it.scoped.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)("end when their holder gets %s", (signal) =>
    Effect.gen(function* () {
      const { holder, pids } = yield* heldStack
      assert.strictEqual(pids.filter(isAlive).length, 2)
      holder.kill(signal)
      yield* untilGone(pids)
    })
  )

  it.scoped("leave no file behind after an orderly end, nor, once another run begins, after a crash", () =>
    Effect.gen(function* () {
      const orderly = yield* heldStack
      const crashed = yield* heldStack
      orderly.holder.kill("SIGTERM")
      crashed.holder.kill("SIGKILL")
      yield* untilGone([...orderly.pids, ...crashed.pids])
      yield* untilGone([orderly.holder, crashed.holder].flatMap((it) => it.pid ?? []))
      assert.isFalse(existsSync(orderly.folder))
      assert.isTrue(existsSync(crashed.folder))
      yield* Layer.build(RunDirectoryLive)
      assert.isFalse(existsSync(crashed.folder))
    })
  )

  it.scoped("end when the scope closes, and an unasked end is reported with the last lines of the log", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const start = Layer.buildWithScope(mySqlServer, scope).pipe(Effect.map(Context.get(MySqlServer)))
      const first = yield* Effect.flatMap(start, (it) => it.process)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(isAlive(first.pid))

      const second = yield* Layer.build(mySqlServer).pipe(
        Effect.flatMap((context) => Context.get(context, MySqlServer).process)
      )
      process.kill(second.pid, "SIGKILL")
      const failure = yield* Effect.flip(untilOneEnds([{ unexpectedEnd: Effect.never }, second]))
      assert.strictEqual(failure.detail, "SIGKILL")
      assert.match(failure.lastLines.join("\n"), /ready for connections/)
    })
  )
})

describe("two stacks at once", () => {
  it.scoped("start together on different ports and see only their own data", () =>
    Effect.gen(function* () {
      const [one, other] = yield* Effect.all([heldStack, heldStack], { concurrency: 2 })
      yield* queryServer(one.mysql, "CREATE DATABASE only_here")
      const found = yield* queryServer(other.mysql, "SHOW DATABASES LIKE 'only_here'")
      assert.deepStrictEqual(found, [])

      const http = yield* HttpClient.HttpClient
      const clusters = yield* Effect.forEach([one, other], (it) =>
        Effect.flatMap(http.get(`${it.admin}/cluster-health`), (response) => response.text)
      )
      assert.notStrictEqual(clusters[0], clusters[1])
      assert.deepStrictEqual(yield* restateClient(http, one).sql("SELECT id FROM sys_invocation"), [])
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})
