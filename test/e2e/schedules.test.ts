import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Command } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Schema } from "effect"
import { cronCommand } from "../../src/cli/cron.ts"
import { program } from "../../src/cli/program.ts"
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

/** Restate's answer, from what the command prints: where it sent its message, and the answer. */
const answerIn = (printed: string) => Schema.decode(Sent)(printed.slice(printed.indexOf("{")))

/** Fires as `npm run cron` does. */
const fireInAProcess = (name: string) =>
  Effect.gen(function* () {
    const { ingress } = yield* RestateClient
    const env = { ...process.env, STACK_RESTATE_INGRESS: ingress }
    const { stdout } = yield* Effect.promise(() =>
      promisify(execFile)(process.execPath, [cron, name], { env, encoding: "utf8" })
    )
    return yield* answerIn(stdout)
  })

/** Fires with the same command in this process. */
const fire = (name: string, at?: string) =>
  Effect.gen(function* () {
    const { ingress } = yield* RestateClient
    const printed: Array<string> = []
    const run = Command.run(Command.withSubcommands(program, [cronCommand]), { name: "cron", version: "test" })
    yield* Effect.consoleWith((console) =>
      Effect.withConsole(run(["node", "main.js", "cron", name, ...(at === undefined ? [] : ["--at", at])]), {
        ...console,
        log: (text) => Effect.sync(() => void printed.push(String(text)))
      })
    ).pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["RESTATE_INGRESS", ingress]]))),
      Effect.provide(NodeContext.layer)
    )
    return yield* answerIn(printed.join("\n"))
  })

layer(world, { excludeTestServices: true, timeout: "2 minutes" })("the schedules", (it) => {
  for (const [nth, schedule] of schedules.entries()) {
    const { handler, name, service } = schedule

    it.effect(
      `fire ${name} at a handler that the worker serves to the outside, and it takes the key and ends well`,
      () =>
        Effect.gen(function* () {
          const restate = yield* RestateClient
          // One in a process: it takes seconds of processor time to load, and runs the same command.
          const { invocationId, status } = yield* nth === 0 ? fireInAProcess(name) : fire(name)
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
        const first = yield* fire(name, "2026-02-28T23:45:00Z")
        const late = yield* fire(name, "2026-02-28T23:59:59Z")
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
