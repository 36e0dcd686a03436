import { type Duration, Effect, Ref } from "effect"
import type { ManagedProcess } from "../../dev/stack/Process.ts"
import type { ComponentFailed } from "../../dev/stack/StackFailure.ts"

/** A process that is killed, stays away, and comes back on what it had stored. */
export interface Victim {
  readonly strike: (signal: NodeJS.Signals, away: Duration.DurationInput) => Effect.Effect<void, ComponentFailed>
  readonly pid: Effect.Effect<number>
}

export const victim = (started: {
  readonly process: ManagedProcess
  readonly startAgain: Effect.Effect<ManagedProcess, ComponentFailed>
}): Effect.Effect<Victim> =>
  Effect.map(Ref.make(started.process), (current) => ({
    strike: (signal, away) =>
      Effect.gen(function* () {
        yield* (yield* Ref.get(current)).kill(signal)
        yield* Effect.sleep(away)
        yield* Ref.set(current, yield* started.startAgain)
      }),
    pid: Effect.map(Ref.get(current), ({ pid }) => pid)
  }))
