import { createServer } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { buildkitServer } from "../../../dev/simulators/BuildkitServer.ts"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { openBuildkit, ping } from "../../../src/layers/builder/buildkit/BuildkitClient.ts"

const names = ["grpc_proxy", "https_proxy", "http_proxy"]

describe("a connection to BuildKit", () => {
  it.scopedLive("takes no proxy from the environment", () =>
    Effect.gen(function* () {
      let proxied = 0
      const proxy = createServer((socket) => {
        proxied += 1
        socket.destroy()
      })
      const address = `http://127.0.0.1:${yield* onLoopback(proxy)}`
      const before = names.map((name) => [name, process.env[name]] as const)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const [name, value] of before) {
            if (value === undefined) delete process.env[name]
            else process.env[name] = value
          }
        })
      )
      for (const name of names) process.env[name] = address
      const daemon = yield* buildkitServer(() => Promise.resolve({ digest: "" }))
      const client = yield* openBuildkit({ address: daemon.address })
      yield* ping(client, 5_000)
      assert.strictEqual(proxied, 0)
    })
  )
})
