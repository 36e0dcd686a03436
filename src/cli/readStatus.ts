import { Array as Arr, Clock, Effect, Option } from "effect"
import { openDeploysOf } from "../operations/findInvocations.ts"
import { findStuck } from "../operations/findStuck.ts"
import { InvocationDetails } from "../operations/InvocationDetails.ts"
import { type Invocation, type InvocationCount, type InvocationFilter, Invocations } from "../operations/Invocations.ts"
import { InvocationWatchSettings } from "../operations/InvocationWatchSettings.ts"
import { remediationFor } from "../operations/remediationFor.ts"
import { resolveService } from "../operations/resolveService.ts"
import type { ShownInvocation, StatusReport } from "./statusReport.ts"

/** What the status is asked about. */
export interface Asked extends InvocationFilter {
  readonly limit: number
}

/** Includes what paused the invocations, a separate field in Restate. */
const withCauses = (invocations: ReadonlyArray<Invocation>) =>
  Effect.gen(function* () {
    const { failures } = yield* Invocations
    const paused = invocations.filter(({ status }) => status === "paused").map(({ id }) => id)
    const causes = yield* failures(paused)
    return invocations.map((invocation) => ({
      ...invocation,
      failure: causes.get(invocation.id) ?? invocation.failure
    }))
  })

/** Reading one takes two queries. */
const detailed = 50

/** What each of the first invocations does now. One that cannot be read is shown without. */
const withDetails = (shown: ReadonlyArray<Omit<ShownInvocation, "detail">>) =>
  Effect.flatMap(InvocationDetails, (details) =>
    Effect.forEach(
      shown,
      (one, index): Effect.Effect<ShownInvocation> =>
        (index < detailed ? Effect.option(Effect.flatten(details.of(one.invocation.id))) : Effect.succeedNone).pipe(
          Effect.map((detail) => ({ ...one, detail: Option.getOrNull(detail) }))
        ),
      { concurrency: 4 }
    )
  )

/** The full name of the service that was asked for. */
const resolved = (asked: string) =>
  Effect.gen(function* () {
    const { contracts } = yield* Effect.promise(() => import("../composition/implementations.ts"))
    const open = yield* (yield* Invocations).counts({})
    const known = new Set([...contracts.map(({ name }) => name), ...open.map(({ service }) => service)])
    return yield* resolveService(asked, [...known])
  })

/** What to do about each stuck invocation; one that is backing off may be retried at once. */
const withWaysOut = (invocations: ReadonlyArray<Invocation>, now: number) =>
  Effect.map(InvocationWatchSettings, ({ deadlines, place }): ReadonlyArray<Omit<ShownInvocation, "detail">> => {
    const stuck = new Map(
      findStuck({ invocations, waiting: new Map(), deadlines }, now).map(({ invocation, reason }) => [
        invocation.id,
        reason
      ])
    )
    return invocations.map((invocation) => {
      const { id, status } = invocation
      const trouble =
        status === "paused" ? "paused" : (stuck.get(id) ?? (status === "backing-off" ? "retrying" : undefined))
      return { invocation, wayOut: trouble === undefined ? null : remediationFor(place, id, trouble) }
    })
  })

const countsOf = (invocations: ReadonlyArray<Invocation>): ReadonlyArray<InvocationCount> =>
  Object.values(Arr.groupBy(invocations, ({ service, status }) => `${service} ${status}`)).map(
    ([{ service, status }, ...others]) => ({ service, status, count: others.length + 1 })
  )

/** Without a service or key: counts of all services, and the stuck invocations. */
export const readStatus = ({ limit, ...asked }: Asked) =>
  Effect.gen(function* () {
    const invocations = yield* Invocations
    const now = yield* Clock.currentTimeMillis
    const filter = asked.service === undefined ? asked : { ...asked, service: yield* resolved(asked.service) }
    const isFiltered = filter.service !== undefined || filter.key !== undefined
    const counts = yield* invocations.counts(filter)
    const listed = counts.filter(({ status }) => isFiltered || status === "paused")
    const total = listed.reduce((sum, { count }) => sum + count, 0)
    const ofKey = total === 0 ? [] : yield* isFiltered ? invocations.list(filter, limit) : invocations.paused(limit)
    const deploys = total === 0 && filter.key !== undefined ? yield* openDeploysOf(filter.key) : []
    const found = [...ofKey, ...deploys]
    const shown = yield* Effect.flatMap(withCauses(found), (all) => withWaysOut(all, now))
    const report: StatusReport = {
      now,
      counts: [...counts, ...countsOf(deploys)],
      shown: yield* withDetails(shown),
      more: Math.max(0, total - ofKey.length)
    }
    return report
  })
