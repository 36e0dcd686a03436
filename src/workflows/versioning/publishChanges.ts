import { Array as Arr, Effect, Either, Schema } from "effect"
import { call, send } from "effect-restate"
import { VersioningService } from "../../contract/VersioningService.ts"
import { type RegionRequest, RegionStore } from "../../services/deploy/RegionStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { planChange, type RegionChange } from "./planChange.ts"

export interface ChangeToPublish {
  readonly request: RegionRequest
  readonly change: RegionChange
}

/** Transactions of one step at a time; bounds its connections. */
const regionsAtOnce = 8

/** The highest version of each region. Null: nothing was written, because its counter is not known. */
const Published = Schema.Array(Schema.NullOr(Schema.BigInt))

/** One transaction for each region. A region that fails does not keep the others from being written. */
const commit = (changes: ReadonlyArray<ChangeToPublish>, counters?: ReadonlyMap<string, bigint>) =>
  Effect.gen(function* () {
    const regions = yield* RegionStore
    const commitOne = ({ change, request }: ChangeToPublish) =>
      Effect.gen(function* () {
        const counter = counters?.get(request.region)
        if (counter === undefined && !(yield* regions.isCounterKnown(request.region))) return null
        const plan = yield* regions.transact(request, (snapshot) => planChange(snapshot, change, counter ?? 0n))
        if (counter !== undefined) yield* regions.rememberCounter(request.region)
        return plan.highestVersion
      })
    const written = Effect.forEach(changes, (change) => Effect.either(commitOne(change)), {
      concurrency: regionsAtOnce
    })
    return yield* databaseStep("publish-change", Effect.flatMap(written, Either.all), { output: Published })
  })

/** Asks for the counters of regions that this process has not written to lately: a Go worker may have raised them. */
const readCounters = (changes: ReadonlyArray<ChangeToPublish>) =>
  Effect.map(
    Effect.forEach(
      changes,
      ({ request: { region } }) =>
        Effect.map(call(VersioningService, region, "GetVersion", {}), ({ version }) => [region, version] as const),
      { concurrency: regionsAtOnce }
    ),
    (counters) => new Map(counters)
  )

/**
 * Makes changes visible to krane, each in one transaction of its region, which orders the versions. The counters of the
 * regions, which a Go worker would continue from, follow.
 */
export const publishChanges = (changes: ReadonlyArray<ChangeToPublish>) =>
  Effect.gen(function* () {
    const first = yield* commit(changes)
    const unknown = changes.filter((_, index) => first[index] === null)
    const second = unknown.length === 0 ? [] : yield* commit(unknown, yield* readCounters(unknown))
    const published = [...Arr.zip(changes, first), ...Arr.zip(unknown, second)]
    for (const [{ request }, version] of published)
      if (version !== null) yield* send(VersioningService, request.region, "RaiseVersion", { version })
  })
