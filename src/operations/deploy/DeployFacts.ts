import { Clock, Effect, Either, Option, Schema } from "effect"
import { BuildSlots, placeIn, SlotPlace } from "../build/BuildSlots.ts"
import { CurrentCommandPlace } from "../commandLineFor.ts"
import { Instant } from "../Instant.ts"
import { InvocationDetail, InvocationDetails } from "../InvocationDetails.ts"
import { commandsFor, SuggestedCommand } from "../invocationCommands.ts"
import { attempted, MissingSource, missingOf } from "../SourceUnavailable.ts"
import { UnknownSubject } from "../UnknownSubject.ts"
import {
  type DeploymentDetails,
  DeploymentPhaseRecord,
  DeploymentRecord,
  DeploymentRecords,
  RegionCounts
} from "./DeploymentRecords.ts"
import { DeployWait, decideDeployWait } from "./decideDeployWait.ts"

/** What is known about a deployment. */
export const DeployFacts = Schema.Struct({
  id: Schema.String,
  /** When it was read. */
  now: Instant,
  /** Null if the database is missing. */
  deployment: Schema.NullOr(DeploymentRecord),
  phases: Schema.Array(DeploymentPhaseRecord),
  regions: Schema.Array(RegionCounts),
  /** The open invocation of `Deploy`, else the newest. Null if Restate keeps none or is missing. */
  invocation: Schema.NullOr(InvocationDetail),
  /** Further invocations that name the deployment: open ones first, then the newest. */
  otherInvocations: Schema.Array(Schema.String),
  waitsFor: Schema.NullOr(DeployWait),
  /** Its place in the queue of build slots, while it waits for one or builds. */
  slot: Schema.NullOr(SlotPlace),
  /** Command lines that act on it now. */
  commands: Schema.Array(SuggestedCommand),
  missing: Schema.Array(MissingSource)
})
export type DeployFacts = typeof DeployFacts.Type

const service = "hydra.v1.DeployService"
const day = 24 * 60 * 60_000
/** Clocks of the API, the database and Restate differ. */
const clockSkew = 10 * 60_000

const cancelled = "marks the deployment failed and removes its instances"

/** When its deploy was sent at the earliest. Restate keeps a completed one for a day. A row may have any time. */
const sentSince = (deployment: DeploymentRecord | undefined, now: number): number =>
  deployment === undefined ? now - day : Math.max(0, Math.min(deployment.createdAt, now) - clockSkew)

const findInvocation = (id: string, deployment: DeploymentRecord | undefined, now: number) =>
  Effect.gen(function* () {
    const invocations = yield* InvocationDetails
    const [first, ...others] = yield* invocations.withInput({
      service,
      handler: "Deploy",
      id,
      keys: [...(deployment === undefined ? [] : [deployment.projectId]), id],
      since: sentSince(deployment, now)
    })
    return { invocation: first === undefined ? Option.none() : yield* invocations.of(first), others }
  })

/** Builds are queued and run in these phases. */
const phasesWithSlot: ReadonlySet<string> = new Set(["queued", "building"])

const findSlot = (known: DeploymentDetails | undefined) =>
  Effect.gen(function* () {
    const slots = yield* BuildSlots
    const open = known?.phases.find(({ endedAt }) => endedAt === null)
    if (known === undefined || open === undefined || !phasesWithSlot.has(open.step)) return null
    return placeIn(yield* slots.queueOf(known.deployment.workspaceId), known.deployment.id)
  })

const none = { invocation: Option.none<InvocationDetail>(), others: [] }

/** Reads what is known about a deployment. A source that does not answer is listed as missing. */
export const deployFacts = (
  id: string
): Effect.Effect<DeployFacts, UnknownSubject, BuildSlots | DeploymentRecords | InvocationDetails> =>
  Effect.gen(function* () {
    const records = yield* DeploymentRecords
    const now = yield* Clock.currentTimeMillis
    const stored = yield* attempted("database", records.find(id))
    const known = Either.isRight(stored) ? Option.getOrUndefined(stored.right) : undefined
    if (Either.isRight(stored) && known === undefined)
      return yield* new UnknownSubject({ kind: "deployment", name: id, missing: [] })
    const asked = yield* attempted("restate", findInvocation(id, known?.deployment, now))
    const { invocation: found, others } = Either.getOrElse(asked, () => none)
    const place = yield* attempted("restate", findSlot(known))
    const missing = missingOf([stored, asked, place])
    if (known === undefined && Option.isNone(found))
      return yield* new UnknownSubject({ kind: "deployment", name: id, missing })
    const invocation = Option.getOrNull(found)
    const { deployment = null, phases = [], regions = [] } = known ?? {}
    return {
      id,
      now,
      deployment,
      phases,
      regions,
      invocation,
      otherInvocations: others,
      waitsFor: decideDeployWait({
        deployment,
        phases,
        regions,
        invocation,
        isRestateMissing: missing.some(({ source }) => source === "restate")
      }),
      slot: Either.getOrElse(place, () => null),
      commands: commandsFor(invocation, cancelled, yield* CurrentCommandPlace),
      missing
    }
  })
