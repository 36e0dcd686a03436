import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { defaultBounds } from "../src/node/ConnectionBounds.ts"
import { Listener } from "../src/node/Listener.ts"
import { countRefusals } from "../src/node/Refusals.ts"
import { connect } from "./fixtures/serving.ts"
import { poll } from "./suite/Host.ts"

const listening = Effect.gen(function* () {
  const listener = new Listener({
    services: [],
    identityKeys: [],
    codec: undefined,
    beside: undefined,
    bounds: defaultBounds,
    refusals: yield* countRefusals(() => {}),
    onWaiting: () => {}
  })
  return { listener, port: yield* onLoopback(listener.server) }
})

describe("the listener of an endpoint", () => {
  it.scopedLive("refuses work while a session that was destroyed has not closed yet", () =>
    Effect.gen(function* () {
      const { listener, port } = yield* listening
      const client = yield* connect(port)
      client.on("error", () => {})
      yield* poll(
        "the session",
        Effect.sync(() => listener.sessions.size === 1)
      )
      const [session] = listener.sessions
      session?.destroy()
      assert.strictEqual(listener.sessions.size, 1)
      listener.refuseWork()
    })
  )
})
