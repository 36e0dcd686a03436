import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Queue } from "effect"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { restartOnChange } from "../../dev/stack/restartOnChange.ts"
import { ComponentFailed } from "../../dev/stack/StackFailure.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "restart-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

const save = (file: string) => Effect.promise(() => writeFile(file, String(performance.now())))

const ended = new ComponentFailed({ component: "Worker", reason: "ended", detail: "exit code 1", lastLines: [] })

/** A worker that counts its starts; each start takes the next outcome, and without one it succeeds. */
const countedWorker = (outcomes: ReadonlyArray<Effect.Effect<void, ComponentFailed>>) =>
  Effect.gen(function* () {
    const starts = yield* Queue.unbounded<number>()
    let count = 0
    const restart = Effect.suspend(() => {
      const outcome = outcomes[count] ?? Effect.void
      count++
      return Effect.zipRight(Queue.offer(starts, count), outcome)
    })
    return { restart, starts }
  })

describe("npm run dev -- --watch", () => {
  it.scoped("restarts the worker once for several changes at a time, and not for files that are no source", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const below = join(path, "deep")
      yield* Effect.promise(() => mkdir(below))
      const { restart, starts } = yield* countedWorker([])
      yield* Effect.forkScoped(restartOnChange({ restart, unexpectedEnd: Effect.never }, [path]))
      yield* Effect.sleep("50 millis")
      yield* Effect.all([save(join(path, "a.ts")), save(join(path, "b.ts")), save(join(below, "c.ts"))])
      assert.strictEqual(yield* Queue.take(starts), 1)
      yield* save(join(path, "a.ts.swp"))
      yield* Effect.sleep("600 millis")
      assert.strictEqual(yield* Queue.size(starts), 0)
    }).pipe(Effect.timeout("20 seconds"), inRealTime)
  )

  it.scoped("keeps the stack when the worker ends or does not start, and starts it with the next change", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const { restart, starts } = yield* countedWorker([Effect.fail(ended)])
      const end = yield* Deferred.make<never, ComponentFailed>()
      yield* Effect.forkScoped(restartOnChange({ restart, unexpectedEnd: Deferred.await(end) }, [path]))
      yield* Deferred.fail(end, ended)
      yield* Effect.sleep("50 millis")
      yield* save(join(path, "broken.ts"))
      assert.strictEqual(yield* Queue.take(starts), 1)
      yield* save(join(path, "fixed.ts"))
      assert.strictEqual(yield* Queue.take(starts), 2)
    }).pipe(Effect.timeout("20 seconds"), inRealTime)
  )
})
