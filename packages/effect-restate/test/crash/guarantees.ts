import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Context, type Duration, Effect, Layer } from "effect"
import { bundleProgram } from "../../../../dev/image/bundle.ts"
import { RunDirectory, RunDirectoryLive } from "../../../../dev/stack/RunDirectory.ts"
import { type WorkerProcess, workerProcess } from "../../../../dev/stack/WorkerProcess.ts"
import { RestateClient, testRestate, untilInvocation } from "../../../../test/support/stack/Restate.ts"
import { fileRecorder, type RecorderShape } from "../fixtures/Recorder.ts"
import { freshKey, poll } from "../suite/Host.ts"

/** The worker in one bundle, which starts in a fifth of the time of its sources. A package.json makes it an ES module. */
const bundledWorker = Effect.gen(function* () {
  const run = yield* RunDirectory
  const folder = yield* run.folderFor("program")
  yield* Effect.promise(() => bundleProgram(folder, "packages/effect-restate/test/crash/worker.ts"))
  yield* Effect.sync(() => writeFileSync(join(folder, "package.json"), '{"type":"module"}'))
  return { entry: join(folder, "main.js"), env: { NODE_COMPILE_CACHE: join(folder, "compiled") } }
})

class Program extends Context.Tag("test/Program")<Program, Effect.Effect.Success<typeof bundledWorker>>() {}

/** A worker process of one version, what its bodies noted, and a way to change the code it runs. */
interface Victim extends WorkerProcess {
  readonly notes: RecorderShape
  readonly setVersion: (version: string) => Effect.Effect<void>
}

const victim = (version: string) =>
  Effect.gen(function* () {
    const { entry, env } = yield* Program
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("crash")
    const setVersion = (next: string) => Effect.sync(() => writeFileSync(join(folder, "version"), next))
    yield* setVersion(version)
    const worker = yield* workerProcess({ entry, env: { ...env, CRASH_FOLDER: folder } })
    const restate = yield* RestateClient
    yield* restate.register(worker.url)
    return { ...worker, setVersion, notes: fileRecorder(join(folder, "notes")) } satisfies Victim
  })

class Worker extends Context.Tag("test/Worker")<Worker, Victim>() {}

const WorkerLive = Layer.scoped(Worker, victim("v1")).pipe(
  Layer.provideMerge(Layer.effect(Program, bundledWorker)),
  Layer.provideMerge(RunDirectoryLive)
)

const untilNoted = (notes: RecorderShape, key: string, note: string | RegExp) =>
  poll(
    `${note} for ${key}`,
    Effect.sync(() => notes.read(key).some((it) => (typeof note === "string" ? it === note : note.test(it))))
  )

const crash = (worker: Victim) => Effect.zipRight(worker.kill("SIGKILL"), worker.restart)

const times = (notes: RecorderShape, key: string, note: string) => notes.read(key).filter((it) => it === note).length

const mismatches = (notes: RecorderShape) => notes.read("log").filter((line) => /\(57\d\)/.test(line))

/** What holds when a worker is killed with SIGKILL, on a server with this inactivity timeout. */
export const crashGuarantees = (inactivityTimeout: Duration.DurationInput): void =>
  layer(Layer.provideMerge(WorkerLive, testRestate({ inactivityTimeout })), {
    excludeTestServices: true,
    timeout: "1 minute"
  })("a worker that is killed", (it) => {
    it.effect("in the middle of a step: finished steps do not run again, the one in flight does", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const worker = yield* Worker
        const { notes } = worker
        const key = yield* freshKey
        const id = yield* restate.send(`Crashing/${key}/flow`, { steps: 5, millis: 100 })
        yield* untilNoted(notes, key, "s2 started")
        yield* crash(worker)
        const { status, body } = yield* restate.attach(id)
        assert.strictEqual(status, 200)
        const { names } = body as { readonly names: ReadonlyArray<string> }
        assert.deepStrictEqual(names, ["s0", "s1", "s2", "s3", "s4", "last"])
        for (const name of names) assert.strictEqual(times(notes, key, `${name} started`), name === "s2" ? 2 : 1, name)
        const drawn = notes.read(key).filter((note) => note.startsWith("drew"))
        assert.strictEqual(new Set(drawn).size, 1)
      })
    )

    it.effect("again and again during a fan-out: the result is right and no replay contradicts its journal", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const worker = yield* Worker
        const { notes } = worker
        const key = yield* freshKey
        const id = yield* restate.send(`Crashing/${key}/fan`, { steps: 8, millis: 40 })
        for (const note of [/^0a started/, /^3a \d ended/, /^1b started/]) {
          yield* untilNoted(notes, key, note)
          yield* crash(worker)
        }
        const { body } = yield* restate.attach(id)
        assert.deepStrictEqual(
          body,
          Array.from({ length: 8 }, (_, n) => `${n}a${n}b`)
        )
        assert.deepStrictEqual(mismatches(notes), [])
      })
    )

    it.effect("while a workflow sleeps: the sleep ends without it and goes on with the next worker", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const worker = yield* Worker
        const { notes } = worker
        const key = yield* freshKey
        const id = yield* restate.send(`Crashing/${key}/nap`, 300)
        yield* untilNoted(notes, key, "before 1 ended")
        yield* worker.kill("SIGKILL")
        yield* untilInvocation(restate, id, (row) => row.status === "backing-off")
        assert.strictEqual(times(notes, key, "after on v1 started"), 0)
        yield* worker.restart
        assert.strictEqual((yield* restate.attach(id)).body, "v1")
        assert.strictEqual(times(notes, key, "after on v1 started"), 1)
      })
    )

    it.effect("in the middle of a compensation: it resumes where it was, last first, to the end", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const worker = yield* Worker
        const { notes } = worker
        const key = yield* freshKey
        const id = yield* restate.send(`Crashing/${key}/saga`, 100)
        yield* untilNoted(notes, key, "waiting")
        yield* restate.cancel(id)
        yield* untilNoted(notes, key, "undo b started")
        yield* crash(worker)
        assert.strictEqual((yield* restate.attach(id)).status, 409)
        const undone = notes.read(key).filter((note) => note.startsWith("undo") && note.endsWith("started"))
        assert.deepStrictEqual(undone, ["undo c started", "undo b started", "undo b started", "undo a started"])
      })
    )

    describe("and replaced", () => {
      it.effect("by a new deployment: invocations in flight end on the version they began on", () =>
        Effect.gen(function* () {
          const restate = yield* RestateClient
          const worker = yield* Worker
          const key = yield* freshKey
          const old = yield* restate.send(`Crashing/${key}/nap`, 1500)
          yield* untilNoted(worker.notes, key, "before 1 ended")
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* victim("v2")
              assert.strictEqual((yield* restate.call(`Crashing/${yield* freshKey}/nap`, 1)).body, "v2")
              assert.strictEqual((yield* restate.attach(old)).body, "v1")
            })
          )
          yield* restate.register(worker.url)
        })
      )

      it.effect("by other code at the same address: the replay is refused, and goes on once the old code is back", () =>
        Effect.gen(function* () {
          const restate = yield* RestateClient
          const worker = yield* Worker
          const { notes } = worker
          const key = yield* freshKey
          const id = yield* restate.send(`Crashing/${key}/flow`, { steps: 3, millis: 150 })
          yield* untilNoted(notes, key, "s1 started")
          yield* worker.setVersion("v2")
          yield* crash(worker)
          yield* poll(
            "the mismatch is an error in the log",
            Effect.sync(() => mismatches(notes).length > 0)
          )
          yield* worker.setVersion("v1")
          yield* crash(worker)
          const { names } = (yield* restate.attach(id)).body as { readonly names: ReadonlyArray<string> }
          assert.deepStrictEqual(names, ["s0", "s1", "s2", "last"])
          assert.strictEqual(times(notes, key, "s0 started"), 1)
        })
      )
    })
  })
