import { Command } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { service } from "@restatedev/restate-sdk"
import { Effect, Either, Layer, Logger } from "effect"
import { Restate } from "effect-restate/node"
import { register } from "../../src/cli/register.ts"
import { type AddressState, type Registration, RestateAdmin } from "../../src/operations/RestateAdmin.ts"
import { runHere } from "../support/cli/runHere.ts"
import { RestateClient, testRestate } from "../support/stack/Restate.ts"

const address = "http://control-plane-worker-v2.control-plane:9080"

/** Restate, which records registrations and then says this of the address. */
const run = (args: ReadonlyArray<string>, state: AddressState) =>
  Effect.consoleWith((console) => {
    const printed: Array<string> = []
    const registrations: Array<Registration> = []
    const admin = RestateAdmin.of({
      register: (registration) =>
        Effect.sync(() => {
          registrations.push(registration)
          return { id: "dp_2", handlers: [] }
        }),
      stateOf: () => Effect.succeed(state),
      health: Effect.void,
      version: Effect.succeed("1.7.12")
    })
    return Command.run(register, { name: "worker", version: "test" })(["node", "main.js", ...args]).pipe(
      Effect.provideService(RestateAdmin, admin),
      Effect.withConsole({
        ...console,
        log: (line: string) => Effect.sync(() => printed.push(line)),
        error: () => Effect.void
      }),
      Effect.provide(NodeContext.layer),
      Effect.either,
      Effect.map((outcome) => ({ outcome, printed, registrations }))
    )
  })

const newest: AddressState = { isRegistered: true, elsewhere: [] }

/** Serves one service of this name on a free port, without registering it. */
const served = Effect.map(
  Restate.listen({
    services: [service({ name: "test.v1.Registered", handlers: { answer: async () => "here" } })],
    host: "127.0.0.1",
    port: 0,
    drain: 0
  }),
  ({ port }) => `http://127.0.0.1:${port}`
)

const world = Layer.merge(testRestate(), Logger.remove(Logger.defaultLogger))

layer(world, { excludeTestServices: true, timeout: "1 minute" })("register on a real Restate", (it) => {
  it.scoped("moves new work to a version, may be repeated, and brings the former version back by force", () =>
    Effect.gen(function* () {
      const settings = { WORKER_RESTATE_ADMIN_URL: (yield* RestateClient).admin }
      const first = yield* served
      const second = yield* served
      const command = (...args: ReadonlyArray<string>) => runHere(["register", ...args], settings)
      for (const address of [first, first, second]) {
        const { code, errors, output } = yield* command(address)
        assert.deepStrictEqual({ code, errors }, { code: 0, errors: "" })
        assert.match(output, /^registered dp_\w+ \(.*\): new work goes there\n$/)
      }
      const former = yield* command(first)
      assert.strictEqual(former.code, 1)
      assert.include(former.errors, `new work of 1 service goes to ${second}/: --force makes it the newest again`)
      assert.strictEqual((yield* command("--force", first)).code, 0)
      assert.strictEqual((yield* command(second)).code, 1)
    })
  )
})

describe("the register command", () => {
  it.effect("registers the address, and says that new work goes there", () =>
    Effect.gen(function* () {
      const { outcome, printed, registrations } = yield* run([address], newest)
      assert.isTrue(Either.isRight(outcome))
      assert.deepStrictEqual(registrations, [{ uri: address, force: false }])
      assert.deepStrictEqual(printed, [`registered dp_2 (${address}): new work goes there`])
    })
  )

  it.effect("fails where Restate knew the address and keeps sending new work to a later version", () =>
    Effect.gen(function* () {
      const { outcome, printed } = yield* run([address], {
        isRegistered: true,
        elsewhere: [
          { service: "hydra.v1.DeployService", address: "http://control-plane-worker-v3.control-plane:9080/" }
        ]
      })
      assert.isEmpty(printed)
      assert.match(
        Either.isLeft(outcome) ? String(outcome.left) : "",
        /new work of 1 service goes to .*-v3.*--force makes it/
      )
    })
  )

  it.effect("forces only when it is told, and takes nothing but an http address", () =>
    Effect.gen(function* () {
      const forced = yield* run(["--force", address], newest)
      assert.deepStrictEqual(forced.registrations, [{ uri: address, force: true }])
      for (const wrong of ["control-plane-worker-v2:9080", "file:///etc/passwd"]) {
        const { outcome, registrations } = yield* run([wrong], newest)
        assert.isTrue(Either.isLeft(outcome), wrong)
        assert.isEmpty(registrations)
      }
    })
  )
})
