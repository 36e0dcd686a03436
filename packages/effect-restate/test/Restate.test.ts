import * as net from "node:net"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { object } from "@restatedev/restate-sdk"
import { Context, Effect, Fiber, Layer, Logger, type Scope } from "effect"
import { Contract } from "../src/contract/Contract.ts"
import { implement } from "../src/contract/Implementation.ts"
import { defaultEndpoint } from "../src/node/Endpoint.ts"
import { layer, listen, serve } from "../src/node/Restate.ts"
import { step } from "../src/operations/Step.ts"

class Bank extends Context.Tag("effect-restate/test/Bank")<Bank, { readonly pay: Effect.Effect<void> }>() {}
class Post extends Context.Tag("effect-restate/test/Post")<Post, { readonly send: Effect.Effect<void> }>() {}

const Payments = implement(Contract.object("Payments", { Pay: {} }), {
  Pay: () => Effect.flatMap(Bank, ({ pay }) => step("pay", pay))
})
const Letters = implement(Contract.object("Letters", { Send: {} }), {
  Send: () => Effect.flatMap(Post, ({ send }) => step("send", send))
})
const plain = object({ name: "Plain", handlers: { nothing: async () => {} } })

const services = Context.make(Bank, { pay: Effect.void }).pipe(Context.add(Post, { send: Effect.void }))
const local = { host: "127.0.0.1", port: 0 }

/** What the front door says in the log. */
const announcements = () => {
  const lines: Array<string> = []
  const keep = Logger.make<unknown, void>(({ message }) => void lines.push([message].flat().join(" ")))
  return { lines, layer: Logger.replace(Logger.defaultLogger, keep) }
}

const portOf = (line: string | undefined) => Number(line?.split(":").at(-1))

const answers = (port: number) =>
  Effect.async<boolean>((resume) => {
    const socket = net.connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.once("error", () => resume(Effect.succeed(false)))
  })

const announced = (lines: ReadonlyArray<string>) =>
  Effect.iterate(0, { while: () => lines.length === 0, body: () => Effect.as(Effect.yieldNow(), 0) })

describe("the front door", () => {
  it("needs what each of the implementations needs, and nothing for definitions of the SDK", () => {
    const both = serve({ services: [Payments, Letters, plain] })
    expectTypeOf<Effect.Effect.Context<typeof both>>().toEqualTypeOf<Bank | Post>()
    const open = listen({ services: [Payments] })
    expectTypeOf<Effect.Effect.Context<typeof open>>().toEqualTypeOf<Bank | Scope.Scope>()
    const none = layer({ services: [plain] })
    expectTypeOf<Layer.Layer.Context<typeof none>>().toEqualTypeOf<never>()
  })

  it("is by default on the port of Restate's documentation and drains within the time that Kubernetes gives a pod", () => {
    assert.deepStrictEqual(defaultEndpoint, { host: "0.0.0.0", port: 9080, identityKeys: [], drain: "25 seconds" })
  })

  it.live("serves until it is interrupted, and says what it serves and where", () =>
    Effect.gen(function* () {
      const log = announcements()
      const served = serve({ services: [Payments, Letters, plain], ...local }).pipe(
        Effect.provide(services),
        Effect.provide(log.layer)
      )
      const fiber = yield* Effect.fork(served)
      yield* announced(log.lines)
      assert.match(log.lines[0] ?? "", /^Serving Payments, Letters, Plain to Restate on 127\.0\.0\.1:\d+$/)
      assert.isTrue(yield* answers(portOf(log.lines[0])))
      yield* Fiber.interrupt(fiber)
      assert.isFalse(yield* answers(portOf(log.lines[0])))
    })
  )

  it.live("serves for as long as its layer lives", () =>
    Effect.gen(function* () {
      const log = announcements()
      const served = Layer.provide(layer({ services: [plain], ...local }), log.layer)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(served)
          assert.isTrue(yield* answers(portOf(log.lines[0])))
        })
      )
      assert.isFalse(yield* answers(portOf(log.lines[0])))
    })
  )

  it.live("fails with the address when the port is taken", () =>
    Effect.gen(function* () {
      const { host, port } = yield* listen({ services: [plain], ...local })
      const failure = yield* Effect.flip(serve({ services: [plain], host, port }))
      assert.strictEqual(failure.message, `cannot listen on ${host}:${port}: EADDRINUSE`)
    }).pipe(Effect.scoped)
  )
})
