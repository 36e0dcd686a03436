import { Effect, Layer } from "effect"
import { type BuildEvent, BuildTelemetry } from "../../../src/services/builds/BuildTelemetry.ts"

/** Telemetry that records events in order. */
export const recordedTelemetry = () => {
  const told: Array<BuildEvent> = []
  const telemetry = Layer.succeed(
    BuildTelemetry,
    BuildTelemetry.of({
      record: () => Effect.succeed((events) => Effect.sync(() => void told.push(...events))),
      dropped: Effect.succeed(0)
    })
  )
  return { told, telemetry }
}
