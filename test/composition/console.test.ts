import { createServer } from "node:net"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { Console } from "../../src/composition/console.ts"
import { workerConfig } from "../../src/config.ts"

const required = { WORKER_DATABASE_PRIMARY: "mysql://root@127.0.0.1:1/unkey" }

const consoleWith = (settings: Readonly<Record<string, string>>) => {
  const variables = new Map(Object.entries({ ...required, ...settings }))
  return Console([]).pipe(
    Layer.provide(workerConfig([])),
    Layer.provide(NodeContext.layer),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(variables, { pathDelim: "_" })))
  )
}

/** A port that another program has. */
const takenPort = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ port, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

describe("the console of a worker", () => {
  it.scoped("ends the start if its port is taken, as the other ports do", () =>
    Effect.gen(function* () {
      const { port } = yield* takenPort
      const settings = {
        WORKER_CONSOLE_PORT: String(port),
        WORKER_CONSOLE_HOST: "127.0.0.1",
        WORKER_CONSOLE_TOKEN: "0123456789abcdef0123456789abcdef"
      }
      const error = yield* Effect.flip(Layer.build(consoleWith(settings)))
      assert.deepInclude(error, { _tag: "EndpointUnavailable", host: "127.0.0.1", port, code: "EADDRINUSE" })
    })
  )

  it.scoped("opens nothing without a port", () => Layer.build(consoleWith({ WORKER_CONSOLE_HOST: "no such host" })))
})
