import { Schema } from "effect"
import { Contract } from "../../../../src/index.ts"

/** Commands have numbers on the wire. */
const command = <Kind extends number, Fields extends Schema.Struct.Fields>(kind: Kind, fields: Fields) =>
  Schema.Struct({ kind: Schema.Literal(kind), ...fields })

export const kinds = {
  setState: 1,
  getState: 2,
  clearState: 3,
  incrementStateCounter: 4,
  incrementStateCounterIndirectly: 5,
  sleep: 6,
  callService: 7,
  callSlowService: 8,
  incrementViaDelayedCall: 9,
  sideEffect: 10,
  throwingSideEffect: 11,
  slowSideEffect: 12,
  recoverTerminalCall: 13,
  recoverTerminalCallMaybeUnAwaited: 14,
  awaitPromise: 15,
  resolveAwakeable: 16,
  rejectAwakeable: 17,
  incrementStateCounterViaAwakeable: 18,
  callObject: 19
} as const

const key = { key: Schema.Number }
const duration = { duration: Schema.Number }

const Plain = Schema.Union(
  command(kinds.setState, key),
  command(kinds.getState, key),
  command(kinds.clearState, key),
  command(kinds.incrementStateCounter, {}),
  command(kinds.incrementStateCounterIndirectly, {}),
  command(kinds.sleep, duration),
  command(kinds.callService, {}),
  command(kinds.callSlowService, { sleep: Schema.Number }),
  command(kinds.incrementViaDelayedCall, duration),
  command(kinds.sideEffect, {}),
  command(kinds.throwingSideEffect, {}),
  command(kinds.slowSideEffect, {}),
  command(kinds.recoverTerminalCall, {}),
  command(kinds.recoverTerminalCallMaybeUnAwaited, {}),
  command(kinds.awaitPromise, { index: Schema.Number }),
  command(kinds.resolveAwakeable, {}),
  command(kinds.rejectAwakeable, {}),
  command(kinds.incrementStateCounterViaAwakeable, {})
)

interface CallObject {
  readonly kind: typeof kinds.callObject
  readonly key: number
  readonly program: Program
}

export type Command = typeof Plain.Type | CallObject

export interface Program {
  readonly commands: ReadonlyArray<Command>
}

export const Program: Schema.Schema<Program> = Schema.Struct({
  commands: Schema.Array(
    Schema.Union(
      Plain,
      command(kinds.callObject, { ...key, program: Schema.suspend((): Schema.Schema<Program> => Program) })
    )
  )
})

/** The objects of one layer, which call those of the next one only: a call within a layer could wait for itself. */
export const objectInterpreter = (layer: number) =>
  Contract.object(`ObjectInterpreterL${layer}`, {
    counter: { output: Schema.Number, mode: "shared" },
    interpret: { input: Program }
  })

const InterpreterId = Schema.Struct({ layer: Schema.Number, key: Schema.String })
export type InterpreterId = typeof InterpreterId.Type

export const ServiceInterpreterHelper = Contract.service("ServiceInterpreterHelper", {
  ping: {},
  echo: { input: Schema.String, output: Schema.String },
  echoLater: { input: Schema.Struct({ sleep: Schema.Number, parameter: Schema.String }), output: Schema.String },
  terminalFailure: {},
  incrementIndirectly: { input: InterpreterId },
  resolveAwakeable: { input: Schema.String },
  rejectAwakeable: { input: Schema.String },
  incrementViaAwakeableDance: { input: Schema.Struct({ interpreter: InterpreterId, txPromiseId: Schema.String }) }
})

export const increment: Program = { commands: [{ kind: kinds.incrementStateCounter }] }
