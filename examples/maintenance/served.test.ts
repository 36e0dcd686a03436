import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { FetchHttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { eventually } from "../../test/e2e/support/eventually.ts"
import { RestateClient, testRestate } from "../../test/support/stack/Restate.ts"
import { HttpStatusPageLive } from "./HttpStatusPageLive.ts"
import { served } from "./served.ts"

/** A status page over HTTP that remembers the last request of each method. */
const statusPage = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly seen: Set<string>; readonly close: () => void }>((resume) => {
    const seen = new Set<string>()
    const server = createServer((request, response) => {
      seen.add(`${request.method} ${request.url?.split("/").slice(0, 3).join("/")}`)
      response.end()
    })
    server.listen(0, "127.0.0.1", () => {
      // A server that listens on a port has an address of this form.
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, seen, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

layer(testRestate(), { excludeTestServices: true, timeout: "2 minutes" })("an announcement on a real Restate", (it) => {
  it.scoped("is shown, and taken back when it is cancelled", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const { seen, url } = yield* statusPage
      const page = HttpStatusPageLive(url).pipe(Layer.provide(FetchHttpClient.layer))
      const { host, port } = yield* Effect.provide(served, page)
      yield* restate.register(`http://${host}:${port}`)
      const id = yield* restate.send("example.v1.MaintenanceService/prj_1/Announce", { minutes: 60, text: "Soon." })
      yield* eventually(
        "the notice",
        Effect.sync(() => [...seen]),
        (all) => all.includes("PUT /notices/prj_1")
      )
      yield* restate.cancel(id)
      assert.strictEqual((yield* restate.attach(id)).status, 409)
      assert.sameMembers([...seen], ["PUT /notices/prj_1", "DELETE /notices/prj_1"])
    })
  )
})
