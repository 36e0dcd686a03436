import { Clock, Duration, Effect } from "effect"
import { absent, dnsQueries, type FirstResponse, failed, found, normalize } from "./query.ts"

const maxLinks = 8

/**
 * The end of the CNAME chain that starts at the name: one record. Absent if the name has no CNAME; Failed if one query of the
 * chain fails. At most 8 links, without loops, within the time limit.
 */
export const canonicalName = Effect.fnUntraced(function* (ask: FirstResponse, bound: Duration.Duration, name: string) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(bound)
  const seen = new Set<string>()
  let current = normalize(name)
  while (seen.size < maxLinks && !seen.has(current)) {
    const remaining = deadline - (yield* Clock.currentTimeMillis)
    if (remaining <= 0) return failed("timeout")
    const answer = yield* ask(dnsQueries.cname(current), Duration.millis(remaining))
    if (answer._tag === "Failed") return answer
    seen.add(current)
    const [next] = answer._tag === "Found" ? answer.records : []
    if (next === undefined) return current === normalize(name) ? absent : found([current])
    current = next
  }
  return found([current])
})
