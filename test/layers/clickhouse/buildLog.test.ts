import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { BuildLogLive } from "../../../src/layers/clickhouse/BuildLogLive.ts"
import { ClickhouseClientLive } from "../../../src/layers/clickhouse/ClickhouseClient.ts"
import { BuildLog } from "../../../src/operations/build/BuildLog.ts"
import { clickhouseClient, clickhouseOptions, insertRows, sharedClickhouse } from "../../support/stack/Clickhouse.ts"

class Client extends Context.Tag("test/clickhouse/LogClient")<
  Client,
  Effect.Effect.Success<ReturnType<typeof clickhouseClient>>
>() {}

const log = Layer.unwrapScoped(
  Effect.map(sharedClickhouse, ({ url }) =>
    BuildLogLive.pipe(
      Layer.provide(ClickhouseClientLive(Option.some(clickhouseOptions(url)))),
      Layer.merge(Layer.scoped(Client, clickhouseClient(url)))
    )
  )
)

const key = (deploymentId: string) => ({ workspaceId: "ws_log", projectId: "proj_log", deploymentId })

const insert = (deploymentId: string, messages: ReadonlyArray<readonly [time: number, message: string]>) =>
  Effect.flatMap(Client, (client) =>
    insertRows(
      client,
      "build_step_logs_v1",
      messages.map(([time, message]) => ({
        time,
        workspace_id: "ws_log",
        project_id: "proj_log",
        deployment_id: deploymentId,
        message,
        step_id: "sha256:1"
      }))
    )
  )

const tail = (deploymentId: string) => Effect.flatMap(BuildLog, (log) => log.tail(key(deploymentId)))

layer(log, { excludeTestServices: true, timeout: "1 minute" })("the end of a build log", (it) => {
  it.effect("is the last lines of the deployment in the order of their time, without what a return overwrote", () =>
    Effect.gen(function* () {
      const now = Date.now()
      yield* insert("d_log", [
        [now + 2, "three\r\n"],
        [now, "one\n\n"],
        [now + 1, " 10%\r 99%\rtwo\n"]
      ])
      yield* insert("d_other", [[now, "not mine"]])
      assert.deepStrictEqual(yield* tail("d_log"), [
        { at: now, text: "one" },
        { at: now + 1, text: "two" },
        { at: now + 2, text: "three" }
      ])
      assert.deepStrictEqual(yield* tail("d_'none"), [])
    })
  )

  it.effect("is bounded: 40 lines of 500 characters, whatever was printed", () =>
    Effect.gen(function* () {
      const now = Date.now()
      const lines = Array.from({ length: 60 }, (_, nth) => `line ${nth}`).join("\n")
      yield* insert("d_long", [
        [now, lines],
        [now + 1, `${"ü".repeat(100_000)}end`],
        [now + 2, lines]
      ])
      const shown = yield* tail("d_long")
      assert.lengthOf(shown, 40)
      assert.strictEqual(shown.at(-1)?.text, "line 59")
      yield* insert("d_wide", [[now, `${"ü".repeat(100_000)}end`]])
      assert.deepStrictEqual(
        (yield* tail("d_wide")).map(({ text }) => [...text].length),
        [500]
      )
    })
  )
})

layer(BuildLogLive.pipe(Layer.provide(ClickhouseClientLive(Option.none()))))("a build log without a server", (it) => {
  it.effect("says which setting is missing", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(tail("d_log"))
      assert.strictEqual(message, "clickhouse: clickhouse.url is not set")
    })
  )
})
