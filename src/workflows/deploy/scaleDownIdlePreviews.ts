import { Clock, Effect } from "effect"
import { IdlePreviews } from "../../contract/IdlePreviews.ts"
import { call } from "../../restate/Messaging.ts"

/** Starts a run unless one is at work. Previews that have no request since 6 hours before this moment are stopped by it. */
export const scaleDownIdlePreviews = Effect.gen(function* () {
  const now = yield* Clock.currentTimeMillis
  const { started } = yield* call(IdlePreviews, "global", "Begin", { now })
  if (!started) yield* Effect.logInfo("A search for idle previews is already at work")
  return {}
})
