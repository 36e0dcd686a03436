import { Clock, Effect, Either, Option, Schema } from "effect"
import { DeployFacts, deployFacts } from "../deploy/DeployFacts.ts"
import type { DeploymentRecords } from "../deploy/DeploymentRecords.ts"
import { Instant } from "../Instant.ts"
import type { InvocationDetails } from "../InvocationDetails.ts"
import { attempted, MissingSource, missingOf, oncePerSource } from "../SourceUnavailable.ts"
import { UnknownSubject } from "../UnknownSubject.ts"
import { BuildLog, BuildLogLine } from "./BuildLog.ts"
import { BuildRecord, BuildRecords, type FoundBuilds } from "./BuildRecords.ts"
import type { BuildSlots } from "./BuildSlots.ts"

/** What is known about a build. */
export const BuildFacts = Schema.Struct({
  id: Schema.String,
  /** When it was read. */
  now: Instant,
  /** Null if the ledger keeps none: it has not started, or ended more than a day ago. */
  build: Schema.NullOr(BuildRecord),
  /** Which build of its deployment: 1, or more after it has lost its slot. Null if that is not known. */
  attempt: Schema.NullOr(Schema.Number),
  /** Other builds of the deployment that the ledger keeps, in the order of the attempts. */
  otherBuilds: Schema.Array(BuildRecord),
  /** The deployment that it builds for: its slot, phases, invocation and commands. Null if it is not known. */
  deploy: Schema.NullOr(DeployFacts),
  /** The end of the build log, oldest first. */
  log: Schema.Array(BuildLogLine),
  missing: Schema.Array(MissingSource)
})
export type BuildFacts = typeof BuildFacts.Type

/** The build that was asked for, else the newest of the deployment. */
const chosen = (id: string, { buildIds, builds }: FoundBuilds): string | undefined => {
  if (buildIds.includes(id)) return id
  const named = builds.find(({ externalBuildId }) => externalBuildId === id)
  return (named ?? builds.at(-1))?.id ?? buildIds[0]
}

const deployOf = (deploymentId: string | null) =>
  deploymentId === null
    ? Effect.succeedNone
    : Effect.asSome(deployFacts(deploymentId)).pipe(Effect.catchTag("UnknownSubject", () => Effect.succeedNone))

const logOf = (deploy: DeployFacts | null) =>
  Effect.flatMap(BuildLog, (log) => {
    const deployment = deploy?.deployment ?? null
    if (deployment === null) return Effect.succeed([])
    const { id: deploymentId, projectId, workspaceId } = deployment
    return log.tail({ workspaceId, projectId, deploymentId })
  })

/** Whether anything says that the deployment builds from a repository. */
const isBuilt = ({ builds, deploymentId }: FoundBuilds, id: string, deploy: DeployFacts | null): boolean =>
  builds.length > 0 || deploymentId !== id || (deploy?.slot ?? deploy?.deployment?.buildId ?? null) !== null

/** Reads what is known about a build, by its id or the id of its deployment. A source that does not answer is listed as missing. */
export const buildFacts = (
  id: string
): Effect.Effect<
  BuildFacts,
  UnknownSubject,
  BuildLog | BuildRecords | BuildSlots | DeploymentRecords | InvocationDetails
> =>
  Effect.gen(function* () {
    const records = yield* BuildRecords
    const now = yield* Clock.currentTimeMillis
    const stored = yield* attempted("database", records.find(id))
    const found = Either.isRight(stored) ? Option.getOrUndefined(stored.right) : undefined
    if (found === undefined) return yield* new UnknownSubject({ kind: "build", name: id, missing: missingOf([stored]) })
    const deploy = Option.getOrNull(yield* deployOf(found.deploymentId))
    if (!isBuilt(found, id, deploy)) return yield* new UnknownSubject({ kind: "build", name: id, missing: [] })
    const log = yield* attempted("clickhouse", logOf(deploy))
    const buildId = chosen(id, found)
    const attempt = buildId === undefined ? -1 : found.buildIds.indexOf(buildId)
    return {
      id: buildId ?? id,
      now,
      build: found.builds.find((build) => build.id === buildId) ?? null,
      attempt: attempt === -1 || found.deploymentId === null ? null : attempt + 1,
      otherBuilds: found.builds.filter((build) => build.id !== buildId),
      deploy,
      log: Either.getOrElse(log, () => []),
      missing: oncePerSource([...(deploy?.missing ?? []), ...missingOf([log])])
    }
  })
