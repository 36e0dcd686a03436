import { open } from "node:fs/promises"
import { Effect, type Scope } from "effect"

const chunkBytes = 64 * 1024

/** Gives every line of a growing file, from its beginning, until interrupted. A line without its end waits for it. */
export const followLines = <R>(
  file: string,
  onLine: (line: string) => Effect.Effect<void, never, R>
): Effect.Effect<never, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const handle = yield* Effect.acquireRelease(
      Effect.promise(() => open(file)),
      (opened) => Effect.promise(() => opened.close())
    )
    const buffer = Buffer.alloc(chunkBytes)
    const decoder = new TextDecoder()
    let rest = ""
    for (;;) {
      // Without a position: each read continues where the last one ended.
      const { bytesRead } = yield* Effect.promise(() => handle.read(buffer, 0, chunkBytes, null))
      if (bytesRead === 0) yield* Effect.sleep("100 millis")
      const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      yield* Effect.forEach(lines, onLine, { discard: true })
    }
  })
