import { Clock, Duration, Effect } from "effect"
import { absent, type FirstAnswer, failed, found, normal, questions } from "./query.ts"

const maxLinks = 8

/**
 * Where the chain of CNAMEs that begins at the name ends: one record. Absent when the name has no CNAME; Failed as soon as one
 * question of the chain is not answered, because nothing is known then. At most 8 links, none twice, and all within the bound.
 */
export const canonicalName = Effect.fnUntraced(function* (ask: FirstAnswer, bound: Duration.Duration, name: string) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(bound)
  const seen = new Set<string>()
  let current = normal(name)
  while (seen.size < maxLinks && !seen.has(current)) {
    const remaining = deadline - (yield* Clock.currentTimeMillis)
    if (remaining <= 0) return failed("timeout")
    const answer = yield* ask(questions.cname(current), Duration.millis(remaining))
    if (answer._tag === "Failed") return answer
    seen.add(current)
    const [next] = answer._tag === "Found" ? answer.records : []
    if (next === undefined) return current === normal(name) ? absent : found([current])
    current = next
  }
  return found([current])
})
