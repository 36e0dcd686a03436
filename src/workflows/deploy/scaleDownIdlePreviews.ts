import { Clock, Effect } from "effect"
import { call } from "effect-restate"
import { IdlePreviews } from "../../contract/IdlePreviews.ts"
import { giveUpOnFailure } from "../giveUpOnFailure.ts"
import { quietSince } from "../idlePreviews/idleness.ts"

/**
 * Stops the previews that have no request since 6 hours before this moment, part by part. What counts as idle does not move while
 * the run goes on.
 */
export const scaleDownIdlePreviews = Effect.gen(function* () {
  const since = quietSince(yield* Clock.currentTimeMillis)
  let after: bigint | undefined = 0n
  while (after !== undefined) {
    const part: { readonly next?: bigint } = yield* call(IdlePreviews, "global", "Sweep", { quietSince: since, after })
    after = part.next
  }
  return {}
}).pipe(giveUpOnFailure("scale_down_idle"))
