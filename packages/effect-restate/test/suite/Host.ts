import { assert } from "@effect/vitest"
import { Context, Effect, Schedule } from "effect"
import { failureMetadata } from "../../src/contract/TypedFailure.ts"
import type { ProbeHandler } from "../fixtures/Probe.ts"
import { Recorder } from "../fixtures/Recorder.ts"
import type { ServiceHandler } from "../fixtures/services.ts"
import { Telemetry } from "../fixtures/telemetry.ts"
import type { WorkflowHandler } from "../fixtures/workflows.ts"

/** What came of an invocation. `body` is its output, or the message of its failure. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly metadata: Readonly<Record<string, string>>
}

/** A handler of another contract than the probe's. */
export type Beside =
  | { readonly service: "Service"; readonly handler: ServiceHandler }
  | { readonly service: "Workflow"; readonly key: string; readonly handler: WorkflowHandler }

/**
 * Somewhere the probe is served. The same assertions hold on every one: on a real server in each of its modes, and on
 * the engine that stands in for it in unit tests.
 */
export interface HostShape {
  /** As a caller that reads failures by their schema. */
  readonly call: (key: string, handler: ProbeHandler, input?: unknown) => Effect.Effect<Answer>
  /** As any other caller. */
  readonly callPlainly: (key: string, handler: ProbeHandler) => Effect.Effect<Answer>
  readonly send: (key: string, handler: ProbeHandler, input?: unknown) => Effect.Effect<string>
  /** The contracts of other kinds that are served beside the probe. */
  readonly beside: {
    readonly call: (
      target: Beside,
      input?: unknown,
      options?: { readonly idempotencyKey?: string }
    ) => Effect.Effect<Answer>
    readonly send: (target: Beside, input?: unknown) => Effect.Effect<string>
  }
  readonly attach: (id: string) => Effect.Effect<Answer>
  readonly cancel: (id: string) => Effect.Effect<void>
  /** Ends the invocation without running any of its code. */
  readonly kill: (id: string) => Effect.Effect<void>
  /** Ends what runs of it at the next wait; nothing starts before `resume`. */
  readonly pause: (id: string) => Effect.Effect<void>
  readonly resume: (id: string) => Effect.Effect<void>
  readonly untilPaused: (id: string) => Effect.Effect<void>
  readonly resolveAwakeable: (id: string, value: unknown) => Effect.Effect<void>
  readonly rejectAwakeable: (id: string, reason: string) => Effect.Effect<void>
  /** Lets the probe run until the condition holds, and fails with `what` when it takes longer than it should. */
  readonly until: <R>(what: string, condition: Effect.Effect<boolean, never, R>) => Effect.Effect<void, never, R>
  /**
   * True when every wait suspends at once. While a step runs, nothing else then reaches its invocation: neither a
   * cancellation nor a timer nor the winner of a race.
   */
  readonly suspendsAtOnce: boolean
}

export class Host extends Context.Tag("test/Host")<Host, HostShape>() {}

let keys = 0
/** A key that no test has used. */
export const freshKey = Effect.sync(() => `key-${++keys}`)

export const recorded = (key: string) => Effect.map(Recorder, (recorder) => recorder.read(key))

export const times = (key: string, note: string) =>
  Effect.map(recorded(key), (all) => all.filter((it) => it === note).length)

/** Calls a handler under a fresh key and answers with its output; any failure fails the test. */
export const succeed = (handler: ProbeHandler, input?: unknown) =>
  Effect.gen(function* () {
    const host = yield* Host
    const key = yield* freshKey
    const answer = yield* host.call(key, handler, input)
    assert.strictEqual(answer.status, 200, JSON.stringify(answer))
    return { key, output: answer.body, notes: yield* recorded(key) }
  })

/** Starts a handler under a fresh key without waiting for its end. */
export const start = (handler: ProbeHandler, input?: unknown) =>
  Effect.gen(function* () {
    const host = yield* Host
    const key = yield* freshKey
    return { key, id: yield* host.send(key, handler, input) }
  })

export const untilNoted = (key: string, note: string) =>
  Effect.gen(function* () {
    const host = yield* Host
    const recorder = yield* Recorder
    yield* host.until(
      `"${note}" for ${key}`,
      Effect.sync(() => recorder.read(key).includes(note))
    )
  })

/** Waits until an error about a handler under this key, or of a service, is logged whose text holds this. */
export const untilErrorSays = (key: string | undefined, part: string) =>
  Effect.gen(function* () {
    const host = yield* Host
    const { lines } = yield* Telemetry
    const said = () =>
      lines.some(({ level, text, annotations }) => level === "ERROR" && annotations.key === key && text.includes(part))
    yield* host.until(`an error that says "${part}"`, Effect.sync(said))
  })

/** The typed failure that travels with an answer. */
export const failureOf = (answer: Answer): unknown => {
  const encoded = answer.metadata[failureMetadata]
  return encoded === undefined ? undefined : JSON.parse(encoded)
}

/** Checks again and again, for hosts that run beside the test. Fails after a minute: a busy machine starts processes slowly. */
export const poll = <R>(what: string, condition: Effect.Effect<boolean, never, R>): Effect.Effect<void, never, R> =>
  condition.pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("5 millis") }),
    Effect.timeoutFail({ duration: "1 minute", onTimeout: () => new Error(`never came: ${what}`) }),
    Effect.orDie,
    Effect.asVoid
  )
