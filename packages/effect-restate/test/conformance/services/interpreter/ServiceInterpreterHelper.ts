import { Effect, Schema } from "effect"
import { awakeable, CallFailed, implement, rejectAwakeable, resolveAwakeable, send } from "../../../../src/index.ts"
import { type InterpreterId, increment, objectInterpreter, ServiceInterpreterHelper } from "./programs.ts"

const sendIncrement = ({ key, layer }: InterpreterId) =>
  Effect.asVoid(send(objectInterpreter(layer), key, "interpret", increment))

export const ServiceInterpreterHelperLive = implement(ServiceInterpreterHelper, {
  ping: () => Effect.void,
  echo: (parameter) => Effect.succeed(parameter),
  echoLater: ({ parameter, sleep }) => Effect.as(Effect.sleep(sleep), parameter),
  // A failure that its contract does not declare.
  terminalFailure: () => new CallFailed({ target: "the program", code: 500, reason: "bye" }),
  incrementIndirectly: sendIncrement,
  resolveAwakeable: (id) => resolveAwakeable(id, Schema.String, "ok"),
  rejectAwakeable: (id) => rejectAwakeable(id, "error"),
  incrementViaAwakeableDance: ({ interpreter, txPromiseId }) =>
    Effect.gen(function* () {
      const { id, result } = yield* awakeable(Schema.String)
      yield* resolveAwakeable(txPromiseId, Schema.String, id)
      yield* result
      yield* sendIncrement(interpreter)
    })
})
