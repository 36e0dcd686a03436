import { Effect, Either, Option, Schema } from "effect"
import {
  awakeable,
  Contract,
  type Durable,
  type EncodingFailed,
  implement,
  rejectAwakeable,
  resolveAwakeable,
  type StateRead,
  type StateWrite,
  signal,
  stateCell,
  step
} from "../../../src/index.ts"
import { type AwaitableCommand, type Command, InterpretRequest, RejectAwakeable, ResolveAwakeable } from "./commands.ts"
import { asTerminal, Terminal } from "./Terminal.ts"

const Results = Schema.Array(Schema.String)

export const VirtualObjectCommandInterpreter = Contract.object("VirtualObjectCommandInterpreter", {
  interpretCommands: { input: InterpretRequest, output: Schema.String, error: Terminal },
  resolveAwakeable: { input: ResolveAwakeable, error: Terminal, mode: "shared" },
  rejectAwakeable: { input: RejectAwakeable, error: Terminal, mode: "shared" },
  hasAwakeable: { input: Schema.String, output: Schema.Boolean, mode: "shared" },
  getResults: { output: Results, mode: "shared" }
})

const results = stateCell("results", Results)
const orEmpty = Option.getOrElse((): typeof Results.Type => [])
const idOf = (awakeableKey: string) => stateCell(`awk-${awakeableKey}`, Schema.String)

/** What a command waits for. */
type Awaited = Effect.Effect<string, Terminal | EncodingFailed, Durable>

/** The awakeable of this key. Its id is known to the other handlers before it is awaited. */
const create = (awakeableKey: string) =>
  Effect.flatMap(awakeable(Schema.String), ({ id, result }) =>
    Effect.as(idOf(awakeableKey).set(id), Effect.mapError(result, asTerminal))
  )

const registered = (awakeableKey: string) =>
  Effect.flatten(idOf(awakeableKey).get).pipe(
    Effect.catchTag("NoSuchElementException", () => new Terminal({ reason: "awakeable is not registered yet" }))
  )

const resolve = ({ awakeableKey, value }: typeof ResolveAwakeable.Type) =>
  Effect.flatMap(registered(awakeableKey), (id) => resolveAwakeable(id, Schema.String, value))

const reject = ({ awakeableKey, reason }: typeof RejectAwakeable.Type) =>
  Effect.flatMap(registered(awakeableKey), (id) => rejectAwakeable(id, reason))

const awaited = (command: AwaitableCommand): Effect.Effect<Awaited, EncodingFailed, Durable | StateWrite> => {
  switch (command.type) {
    case "createAwakeable":
      return create(command.awakeableKey)
    case "sleep":
      return Effect.succeed(Effect.as(Effect.sleep(command.timeoutMillis), "sleep"))
    case "runReturns":
      return Effect.succeed(step("run", Effect.delay(Effect.succeed(command.value), 1), { output: Schema.String }))
    case "runThrowTerminalException": {
      const failing = new Terminal({ reason: command.reason })
      return Effect.succeed(Effect.as(step("run", failing, { error: Terminal }), ""))
    }
    case "createSignal":
      return Effect.succeed(Effect.mapError(signal(command.signalName, Schema.String), asTerminal))
  }
}

const all = (commands: ReadonlyArray<AwaitableCommand>) => Effect.forEach(commands, awaited)

const firstSucceeded = (commands: ReadonlyArray<AwaitableCommand>) => Effect.flatMap(all(commands), Effect.raceAll)

/** The first one to end decides, also by its failure. */
const firstCompleted = (commands: ReadonlyArray<AwaitableCommand>) =>
  Effect.flatMap(all(commands), (waits) => Effect.flatten(Effect.raceAll(waits.map((wait) => Effect.either(wait)))))

const allSucceeded = (commands: ReadonlyArray<AwaitableCommand>) =>
  Effect.flatMap(all(commands), (waits) => Effect.all(waits, { concurrency: "unbounded" })).pipe(
    Effect.map((values) => values.join("|"))
  )

const told = Either.match({
  onLeft: ({ message }: Error) => `err:${message}`,
  onRight: (value: string) => `ok:${value}`
})

const allCompleted = (commands: ReadonlyArray<AwaitableCommand>) =>
  Effect.flatMap(all(commands), (waits) => Effect.all(waits, { concurrency: "unbounded", mode: "either" })).pipe(
    Effect.map((outcomes) => outcomes.map(told).join("|"))
  )

const environment = (name: string) =>
  step(
    "environment",
    Effect.sync(() => process.env[name] ?? ""),
    { output: Schema.String }
  )

const interpret = (
  command: Command
): Effect.Effect<string, Terminal | EncodingFailed, Durable | StateRead | StateWrite> => {
  switch (command.type) {
    case "awaitAnySuccessful":
    case "awaitFirstSucceededOrAllFailed":
      return firstSucceeded(command.commands)
    case "awaitAny":
    case "awaitFirstCompleted":
      return firstCompleted(command.commands)
    case "awaitOne":
      return Effect.flatten(awaited(command.command))
    case "awaitAwakeableOrTimeout":
      return Effect.flatten(create(command.awakeableKey)).pipe(
        Effect.timeoutFail({
          duration: command.timeoutMillis,
          onTimeout: () => new Terminal({ reason: "await-timeout" })
        })
      )
    case "awaitAllSucceededOrFirstFailed":
      return allSucceeded(command.commands)
    case "awaitAllCompleted":
      return allCompleted(command.commands)
    case "resolveAwakeable":
      return Effect.as(resolve(command), "")
    case "rejectAwakeable":
      return Effect.as(reject(command), "")
    case "getEnvVariable":
      return environment(command.envName)
  }
}

export const VirtualObjectCommandInterpreterLive = implement(VirtualObjectCommandInterpreter, {
  interpretCommands: ({ commands }) =>
    Effect.gen(function* () {
      let last = ""
      for (const command of commands) {
        last = yield* interpret(command)
        yield* results.update((stored) => [...orEmpty(stored), last])
      }
      return last
    }),
  resolveAwakeable: resolve,
  rejectAwakeable: reject,
  hasAwakeable: (awakeableKey) => Effect.map(idOf(awakeableKey).get, Option.isSome),
  getResults: () => Effect.map(results.get, orEmpty)
})
