import { Clock, Duration, Effect } from "effect"
import { type FirstAnswer, normal, questions, recordsOf } from "./query.ts"

const maxLinks = 8

/** Follows CNAMEs to their end, at most 8 of them, none twice, and all within the bound. */
export const canonicalName = Effect.fnUntraced(function* (first: FirstAnswer, bound: Duration.Duration, name: string) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(bound)
  const seen = new Set<string>()
  let current = normal(name)
  while (seen.size < maxLinks && !seen.has(current)) {
    const remaining = deadline - (yield* Clock.currentTimeMillis)
    if (remaining <= 0) break
    seen.add(current)
    const [next] = recordsOf(yield* first(questions.cname(current), Duration.millis(remaining)))
    if (next === undefined) break
    current = next
  }
  return current
})
