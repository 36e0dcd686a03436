import process from "node:process"
import { Effect, Layer, Runtime } from "effect"

const signals = ["SIGTERM", "SIGINT"] as const

/**
 * The first signal starts the shutdown. Without a listener Node would end the process at the second one, and a
 * terminal's Ctrl-C often arrives twice. The shutdown has a timeout, so repeated signals are only logged. SIGKILL ends
 * the process at once and is safe.
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
