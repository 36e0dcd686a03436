import { Clock, Effect } from "effect"
import { call } from "effect-restate"
import { IdlePreviews } from "../../contract/IdlePreviews.ts"
import { giveUpOnFailure } from "../giveUpOnFailure.ts"
import { idleSince } from "../idlePreviews/idleness.ts"

/** Stops the previews without requests in the last 6 hours, part by part. The cutoff is fixed for the whole run. */
export const scaleDownIdlePreviews = Effect.gen(function* () {
  const since = idleSince(yield* Clock.currentTimeMillis)
  let after: bigint | undefined = 0n
  while (after !== undefined) {
    const part: { readonly next?: bigint } = yield* call(IdlePreviews, "global", "Sweep", { quietSince: since, after })
    after = part.next
  }
  return {}
}).pipe(giveUpOnFailure("scale_down_idle"))
