import { watch } from "node:fs"
import { relative } from "node:path"
import { Effect, Queue, type Scope } from "effect"
import type { WorkerProcess } from "./WorkerProcess.ts"

/** An editor that saves several files, or a checkout, makes many changes within this time. */
const quietFor = "300 millis"

const isSource = (name: string | null): name is string => name !== null && /\.(tsx?|css|html|json|proto)$/.test(name)

/** The latest change of a source in these folders and below. */
const changesOf = (folders: ReadonlyArray<string>): Effect.Effect<Queue.Dequeue<string>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const changes = yield* Queue.sliding<string>(1)
    yield* Effect.forEach(folders, (folder) =>
      Effect.acquireRelease(
        Effect.sync(() =>
          watch(folder, { recursive: true }, (_, name) => {
            if (isSource(name)) Queue.unsafeOffer(changes, `${relative(process.cwd(), folder)}/${name}`)
          })
        ),
        (watcher) => Effect.sync(() => watcher.close())
      )
    )
    return changes
  })

/** The change after which no other one follows for a moment. */
const settled = (changes: Queue.Dequeue<string>) =>
  Effect.gen(function* () {
    let latest = yield* Queue.take(changes)
    for (;;) {
      yield* Effect.sleep(quietFor)
      const more = yield* Queue.takeAll(changes)
      const [next] = more
      if (next === undefined) return latest
      latest = next
    }
  })

/**
 * Restarts the worker at the same address when a source changes, until interrupted. A worker that ends or does not start, which
 * is usual while its code is being changed, is reported and started again by the next change.
 */
export const restartOnChange = (
  worker: Pick<WorkerProcess, "restart" | "unexpectedEnd">,
  folders: ReadonlyArray<string>
): Effect.Effect<never, never, Scope.Scope> =>
  Effect.gen(function* () {
    const changes = yield* changesOf(folders)
    const change = settled(changes)
    const reportEnd = (failure: Error) =>
      Effect.zipRight(Effect.logError(`${failure.message}\nThe next change of a source starts it again.`), change)
    let runs = true
    for (;;) {
      const changed = yield* runs ? Effect.raceFirst(change, Effect.catchAll(worker.unexpectedEnd, reportEnd)) : change
      yield* Effect.logInfo(`Worker: restarting, ${changed} has changed`)
      runs = yield* worker.restart.pipe(
        Effect.as(true),
        Effect.tapError((failure) =>
          Effect.logError(`${failure.message}\nThe next change of a source starts it again.`)
        ),
        Effect.orElseSucceed(() => false)
      )
      if (runs) yield* Effect.logInfo("Worker: ready again")
    }
  })
