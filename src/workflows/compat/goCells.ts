import { Effect, Option, Schema } from "effect"
import { stateCell } from "effect-restate"

// State that the Go worker left in objects of the same name. This worker reads it after a take-over and adds nothing to it.

/**
 * Twice the time between two notices: an older entry was followed by a notice of this worker, or its workspace no
 * longer exceeds the quota.
 */
const retentionSeconds = 14 * 86_400

const notifiedWorkspaces = stateCell("notified_workspaces", Schema.Record({ key: Schema.String, value: Schema.Number }))

/** Workspace to Unix seconds of the Go worker's last notice in the period. */
export const goNotices = Effect.map(notifiedWorkspaces.get, (stored) =>
  Option.getOrElse(stored, (): Readonly<Record<string, number>> => ({}))
)

/** Removes expired notices. `now` in Unix seconds. */
export const forgetGoNotices = (now: number) =>
  Effect.gen(function* () {
    const recent = Object.entries(yield* goNotices).filter(([, at]) => now - at < retentionSeconds)
    if (recent.length === 0) yield* notifiedWorkspaces.clear
    else yield* notifiedWorkspaces.set(Object.fromEntries(recent))
  })

const processedKeys = stateCell("processed_keys", Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/** Ids of the keys that the Go worker refilled for the date. Their rows have no mark of this worker, so the list is kept. */
export const keysRefilledByGo = Effect.map(
  processedKeys.get,
  (stored) => new Set(Object.keys(Option.getOrElse(stored, () => ({}))))
)
