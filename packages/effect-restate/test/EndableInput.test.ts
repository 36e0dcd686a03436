import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { EndableInput } from "../src/node/EndableInput.ts"

/** Both ends of a connection: what is written to one is read as the input of an attempt. */
const connection = Effect.gen(function* () {
  const server = net.createServer()
  const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve))
  const port = yield* onLoopback(server)
  const writer = yield* Effect.acquireRelease(
    Effect.sync(() => net.connect(port, "127.0.0.1")),
    (open) => Effect.sync(() => open.destroy())
  )
  const reader = yield* Effect.acquireRelease(
    Effect.promise(() => accepted),
    (open) => Effect.sync(() => open.destroy())
  )
  return { writer, reader }
})

/** Nothing else runs in this process meanwhile, as under a load that leaves it no turn. */
const pauseEventLoop = (millis: number) => {
  const until = performance.now() + millis
  while (performance.now() < until);
}

const textOf = ({ done, value }: IteratorResult<Buffer>) => (done === true ? "the end" : value.toString())

describe("the input of an attempt that is told to end", () => {
  it.scopedLive("is read to where it falls silent, also after a pause of the event loop longer than that silence", () =>
    Effect.gen(function* () {
      const { reader, writer } = yield* connection
      const input = new EndableInput(reader)
      const chunks = input[Symbol.asyncIterator]()
      const next = Effect.map(
        Effect.promise(() => chunks.next()),
        textOf
      )
      writer.write("one")
      assert.strictEqual(yield* next, "one")
      input.end()
      for (const chunk of ["two", "three", "four"]) {
        writer.write(chunk)
        pauseEventLoop(200)
        assert.strictEqual(yield* next, chunk)
      }
      assert.strictEqual(yield* next, "the end")
    })
  )
})
