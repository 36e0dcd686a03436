import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { firingOf, schedules } from "../../src/contract/schedules.ts"
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
  for (const schedule of schedules) {
    const { handler, name, service } = schedule

    it.effect(
      `fire ${name} at a handler that the worker serves to the outside, and it takes the key and ends well`,
      () =>
        Effect.gen(function* () {
          const restate = yield* RestateClient
          const { invocationId, status } = yield* fire(name)
          assert.strictEqual(status, "Accepted")
          const { body, status: answer } = yield* restate.attach(invocationId)
          assert.strictEqual(answer, 200, JSON.stringify(body))
          const fired = yield* restate.invocation(invocationId)
          assert.deepInclude(fired, { target_service_name: service, target_handler_name: handler })
        })
    )

    it.effect(`fire ${name} once for all who fire it within its period, under the scheduler's own key`, () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const first = yield* fire(name, "--at", "2026-02-28T23:45:00Z")
        const late = yield* fire(name, "--at", "2026-02-28T23:59:59Z")
        assert.deepStrictEqual(late, { invocationId: first.invocationId, status: "PreviouslyAccepted" })
        const { idempotencyKey } = firingOf(schedule, Date.parse("2026-02-28T23:45:00Z"))
        assert.deepInclude(yield* restate.invocation(first.invocationId), { idempotency_key: idempotencyKey })
      })
    )
  }

  it.effect("leave nothing behind that is unfinished or paused", () =>
    eventually("the end of every invocation", unfinished, (left) => left.length === 0)
  )
})
