import { Schema } from "effect"

const command = <Type extends string, Fields extends Schema.Struct.Fields>(type: Type, fields: Fields) =>
  Schema.Struct({ type: Schema.Literal(type), ...fields })

export const AwaitableCommand = Schema.Union(
  command("createAwakeable", { awakeableKey: Schema.String }),
  command("sleep", { timeoutMillis: Schema.Number }),
  command("runReturns", { value: Schema.String }),
  command("runThrowTerminalException", { reason: Schema.String }),
  command("createSignal", { signalName: Schema.String })
)
export type AwaitableCommand = typeof AwaitableCommand.Type

export const ResolveAwakeable = Schema.Struct({ awakeableKey: Schema.String, value: Schema.String })
export const RejectAwakeable = Schema.Struct({ awakeableKey: Schema.String, reason: Schema.String })

const commands = { commands: Schema.NonEmptyArray(AwaitableCommand) }

export const Command = Schema.Union(
  command("awaitAnySuccessful", commands),
  command("awaitAny", commands),
  command("awaitOne", { command: AwaitableCommand }),
  command("awaitAwakeableOrTimeout", { awakeableKey: Schema.String, timeoutMillis: Schema.Number }),
  command("awaitFirstSucceededOrAllFailed", commands),
  command("awaitFirstCompleted", commands),
  command("awaitAllSucceededOrFirstFailed", commands),
  command("awaitAllCompleted", commands),
  command("resolveAwakeable", ResolveAwakeable.fields),
  command("rejectAwakeable", RejectAwakeable.fields),
  command("getEnvVariable", { envName: Schema.String })
)
export type Command = typeof Command.Type

export const InterpretRequest = Schema.Struct({ commands: Schema.Array(Command) })
