import process from "node:process"
import { Effect, Layer, Runtime } from "effect"

const signals = ["SIGTERM", "SIGINT"] as const

/**
 * The first signal begins the shutdown; a further one would kill the process in the middle of it, as Node does with a
 * signal that nobody listens to, and a terminal's Ctrl-C often arrives twice. The shutdown is bounded by itself, so that
 * repeated signals only leave a line in the log. Who cannot wait sends SIGKILL: nothing is lost by it.
 */
export const RepeatedSignals: Layer.Layer<never> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const runFork = Runtime.runFork(yield* Effect.runtime<never>())
    let isShuttingDown = false
    const onSignal = (signal: NodeJS.Signals) => {
      if (isShuttingDown)
        runFork(Effect.logWarning("Shutting down already; a repeated signal changes nothing", { signal }))
      isShuttingDown = true
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        for (const signal of signals) process.on(signal, onSignal)
      }),
      () =>
        Effect.sync(() => {
          for (const signal of signals) process.off(signal, onSignal)
        })
    )
  })
)
