import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { schedules } from "../../src/contract/schedules.ts"
import { sharedClickhouse } from "../support/stack/Clickhouse.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { stack } from "./support/Stack.ts"

const cron = fileURLToPath(new URL("../../dev/cron.ts", import.meta.url))

const world = Layer.unwrapEffect(
  Effect.map(sharedClickhouse, ({ url }) => stack({ regions: [], env: { WORKER_CLICKHOUSE_URL: url } }))
)

const Sent = Schema.parseJson(Schema.Struct({ invocationId: Schema.String, status: Schema.String }))

/** What `npm run cron` says: where it sent its message, and Restate's answer. */
const fire = (name: string, ...more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { ingress } = yield* RestateClient
    const env = { ...process.env, STACK_RESTATE_INGRESS: ingress }
    const { stdout } = yield* Effect.promise(() =>
      promisify(execFile)(process.execPath, [cron, name, ...more], { env, encoding: "utf8" })
    )
    return yield* Schema.decode(Sent)(stdout.slice(stdout.indexOf("{")))
  })

layer(world, { excludeTestServices: true, timeout: "2 minutes" })("the schedules", (it) => {
  for (const { handler, name, service } of schedules) {
    it.effect(
      `fire ${name} at a handler that the worker serves to the outside, and it takes the key and ends well`,
      () =>
        Effect.gen(function* () {
          const restate = yield* RestateClient
          const { invocationId, status } = yield* fire(name)
          assert.strictEqual(status, "Accepted")
          const { body, status: answer } = yield* restate.attach(invocationId)
          assert.strictEqual(answer, 200, JSON.stringify(body))
          const { target_handler_name, target_service_name } = (yield* restate.invocation(invocationId)) ?? {}
          assert.deepStrictEqual([target_service_name, target_handler_name], [service, handler])
        })
    )

    it.effect(`fire ${name} once for all who fire it within its period`, () =>
      Effect.gen(function* () {
        const first = yield* fire(name, "--at", "2026-02-28T23:45:00Z")
        const late = yield* fire(name, "--at", "2026-02-28T23:59:59Z")
        assert.deepStrictEqual(late, { invocationId: first.invocationId, status: "PreviouslyAccepted" })
      })
    )
  }

  it.effect("leave nothing behind that is unfinished or paused", () =>
    eventually("the end of every invocation", unfinished, (left) => left.length === 0)
  )
})
