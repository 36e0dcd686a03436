import { Command } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { register } from "../../src/cli/register.ts"
import { type AddressState, type Registration, RestateAdmin } from "../../src/operations/RestateAdmin.ts"

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
