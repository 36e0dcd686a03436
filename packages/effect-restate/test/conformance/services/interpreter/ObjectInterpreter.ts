import { Effect, Fiber, Option, Schema } from "effect"
import {
  type AwaitRejected,
  awakeable,
  call,
  type Durable,
  type EncodingFailed,
  implement,
  key,
  type ObjectKey,
  resolveAwakeable,
  type StateRead,
  type StateWrite,
  send,
  stateCell,
  step
} from "../../../../src/index.ts"
import { type Command, kinds, objectInterpreter, type Program, ServiceInterpreterHelper } from "./programs.ts"

const counter = stateCell("counter", Schema.Number)
const orZero = Option.getOrElse(() => 0)
const numbered = (n: number) => stateCell(`key-${n}`, Schema.String)

const unexpected = (what: string) => Effect.dieMessage(what)

/** What a command leaves to a later `awaitPromise`, which also checks what it answers. */
type Promised = Effect.Effect<void, never, Durable>

const expecting = (expected: string) => (value: string) =>
  value === expected ? Effect.void : unexpected(`awaited ${expected} and got ${value}`)

/** Begins at once, in the order of the commands, and is awaited later or never: a daemon is not cancelled for that. */
const begin = (work: Promised) =>
  Effect.map(Effect.zipLeft(Effect.forkDaemon(work), Effect.yieldNow()), (fiber): Promised => Fiber.join(fiber))

const succeeding = <E>(work: Effect.Effect<string, E, Durable>, expected: string) =>
  begin(Effect.orDie(Effect.flatMap(work, expecting(expected))))

const failing = <A, E>(work: Effect.Effect<A, E, Durable>): Promised =>
  Effect.matchEffect(work, { onFailure: () => Effect.void, onSuccess: () => unexpected("it did not fail") })

/** An awakeable that the helper is asked to complete. */
const handedOver = (how: "resolveAwakeable" | "rejectAwakeable") =>
  Effect.flatMap(awakeable(Schema.String), ({ id, result }) =>
    Effect.as(send(ServiceInterpreterHelper, how, id), result)
  )

type Needs = Durable | ObjectKey | StateRead | StateWrite
type Performed<A> = Effect.Effect<A, EncodingFailed | AwaitRejected, Needs>

/** Runs a command. Answers what it leaves to a later one, if anything. */
const run = (
  layer: number,
  index: number,
  command: Command,
  promises: ReadonlyMap<number, Promised>
): Performed<Promised | undefined> => {
  const expected = `hello-${index}`
  switch (command.kind) {
    case kinds.callService:
      return succeeding(call(ServiceInterpreterHelper, "echo", expected), expected)
    case kinds.callSlowService:
      return succeeding(
        call(ServiceInterpreterHelper, "echoLater", { sleep: command.sleep, parameter: expected }),
        expected
      )
    case kinds.recoverTerminalCallMaybeUnAwaited:
      return begin(failing(call(ServiceInterpreterHelper, "terminalFailure", undefined)))
    case kinds.callObject:
      return begin(Effect.orDie(call(objectInterpreter(layer + 1), String(command.key), "interpret", command.program)))
    case kinds.resolveAwakeable:
      return Effect.map(handedOver("resolveAwakeable"), (result) =>
        Effect.orDie(Effect.flatMap(result, expecting("ok")))
      )
    case kinds.rejectAwakeable:
      return Effect.map(handedOver("rejectAwakeable"), failing)
    default:
      return Effect.as(perform(layer, command, expected, promises), undefined)
  }
}

type Promising = 7 | 8 | 14 | 16 | 17 | 19

const perform = (
  layer: number,
  command: Exclude<Command, { readonly kind: Promising }>,
  expected: string,
  promises: ReadonlyMap<number, Promised>
): Performed<void> => {
  switch (command.kind) {
    case kinds.setState:
      return numbered(command.key).set(`value-${command.key}`)
    case kinds.getState:
      return Effect.asVoid(numbered(command.key).get)
    case kinds.clearState:
      return numbered(command.key).clear
    case kinds.incrementStateCounter:
      return counter.update((stored) => orZero(stored) + 1)
    case kinds.sleep:
      return Effect.sleep(command.duration)
    case kinds.sideEffect:
      return Effect.flatMap(step("effect", Effect.succeed(expected), { output: Schema.String }), expecting(expected))
    case kinds.slowSideEffect:
      return step("slow effect", Effect.sleep(1))
    case kinds.throwingSideEffect:
      return step(
        "throwing effect",
        Effect.suspend(() => (Math.random() < 0.5 ? unexpected("thrown") : Effect.void))
      )
    case kinds.recoverTerminalCall:
      return failing(call(ServiceInterpreterHelper, "terminalFailure", undefined))
    case kinds.awaitPromise:
      return promises.get(command.index) ?? unexpected(`command ${command.index} promised nothing`)
    default:
      return incremented(layer, command)
  }
}

/** The commands that have the helper increment the counter of this object. */
const incremented = (layer: number, command: Extract<Command, { readonly kind: 5 | 9 | 18 }>) =>
  Effect.gen(function* () {
    const own = { layer, key: yield* key }
    switch (command.kind) {
      case kinds.incrementStateCounterIndirectly:
        return yield* Effect.asVoid(send(ServiceInterpreterHelper, "incrementIndirectly", own))
      case kinds.incrementViaDelayedCall:
        return yield* Effect.asVoid(
          send(ServiceInterpreterHelper, "incrementIndirectly", own, { delay: command.duration })
        )
      case kinds.incrementStateCounterViaAwakeable: {
        const { id, result } = yield* awakeable(Schema.String)
        yield* send(ServiceInterpreterHelper, "incrementViaAwakeableDance", { interpreter: own, txPromiseId: id })
        return yield* resolveAwakeable(yield* result, Schema.String, "ok")
      }
    }
  })

const interpret = (layer: number, { commands }: Program) =>
  Effect.gen(function* () {
    const promises = new Map<number, Promised>()
    for (const [index, command] of commands.entries()) {
      const promise = yield* run(layer, index, command, promises)
      if (promise !== undefined) promises.set(index, promise)
    }
  })

/** Three layers, as in the suite's own services for TypeScript. */
export const interpreters = [0, 1, 2].map((layer) =>
  implement(objectInterpreter(layer), {
    counter: () => Effect.map(counter.get, orZero),
    interpret: (program) => interpret(layer, program)
  })
)
