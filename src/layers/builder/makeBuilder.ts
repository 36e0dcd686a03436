import { Duration, Effect, type Redacted, type Scope } from "effect"
import {
  type Builder,
  BuilderUnavailable,
  type BuildOutcome,
  BuildRefused,
  type BuildRequest
} from "../../services/Builder.ts"
import type { BuildLedger } from "../../services/BuildLedger.ts"
import type { BuildTelemetry } from "../../services/BuildTelemetry.ts"
import type { GitHub, GitHubError } from "../../services/GitHub.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import type { OutboundHttp } from "../outbound/OutboundHttp.ts"
import { authorizeClone, type CloneRefused, type GitSilent, gitClient, isTokenRefused } from "./authorizeClone.ts"
import { type BuildRuns, makeBuildRuns, type Work } from "./BuildRuns.ts"
import { type BuildSpec, buildSpec, cloneUrl } from "./buildSpec.ts"
import type { BuildLost, Hold } from "./holdBuild.ts"
import type { ImageBuild } from "./solveImage.ts"

/** A build that may begin. The image's name and who pushes it are the vendor's choice. */
export type AuthorizedBuild = Omit<ImageBuild, "image" | "credentialsOpen"> & {
  readonly request: BuildRequest
  readonly hold: Hold
}

/** What one vendor does with it, from getting a machine to giving it back. */
export type RunBuild = (build: AuthorizedBuild) => Effect.Effect<BuildOutcome, BuildLost, Scope.Scope>

export interface BuilderParts {
  readonly gitUrl: string
  readonly github: GitHub["Type"]
  readonly ledger: BuildLedger["Type"]
  readonly telemetry: BuildTelemetry["Type"]
  readonly run: RunBuild
}

/** Half of the 30 s that a step has: the token and the question to the git server share them. */
const gitTimeout = Duration.seconds(12)

const runOptions = {
  // Twice what a deploy waits for its build.
  maxDuration: Duration.hours(1),
  // Longer than a failover of the database takes, and short enough to wait for when a worker has died.
  lease: Duration.seconds(30),
  renewEvery: Duration.seconds(2),
  // Longer than a deploy may sleep between two looks at its build.
  retention: Duration.days(1)
}

const unavailable = (reason: BuilderUnavailable["reason"]) => new BuilderUnavailable({ operation: "start", reason })

const ofGitHub = (error: GitHubError) =>
  error._tag === "GitHubRefused"
    ? new BuildRefused({
        reason: error.reason === "not_configured" ? "not_configured" : "repository_not_accessible",
        field: "installationId",
        problem: error.message
      })
    : unavailable("git-unavailable")

const ofClone =
  ({ commitSha, repository }: BuildSpec) =>
  (error: CloneRefused | GitSilent) => {
    if (error._tag === "GitSilent") return unavailable("git-unavailable")
    return error.reason === "commit_not_found"
      ? new BuildRefused({
          reason: "commit_not_found",
          field: "commitSha",
          problem: `commit ${firstCodePoints(commitSha, 7)} not found in ${repository}`
        })
      : new BuildRefused({
          reason: "repository_not_accessible",
          field: "repository",
          problem: `${repository} does not exist, or the GitHub App may not read it`
        })
  }

const notConfigured = new BuildRefused({
  reason: "not_configured",
  field: "installationId",
  problem: "without a GitHub App installation only an operator's permission allows to build public repositories"
})

/**
 * A token that the owner of the repository lets us read it with, null for a public one. Asked each time: a build must never
 * be given what its token could not read.
 */
const authorize = (
  { gitUrl, github }: BuilderParts,
  git: OutboundHttp,
  spec: BuildSpec,
  installationId: bigint | null
) => {
  const { commitSha, repository } = spec
  const ask = (token: Redacted.Redacted | null) =>
    authorizeClone(git, { url: cloneUrl(gitUrl, spec), commitSha, token }, gitTimeout)
  if (installationId !== null && github.isConfigured) {
    const isRefusal = (error: CloneRefused | GitSilent) => error._tag === "CloneRefused" && isTokenRefused(error)
    return github
      .installationToken(installationId, repository, { ask, isRefusal })
      .pipe(
        Effect.mapError((error) =>
          error._tag === "CloneRefused" || error._tag === "GitSilent" ? ofClone(spec)(error) : ofGitHub(error)
        )
      )
  }
  return github.allowsUnauthenticated
    ? Effect.mapBoth(ask(null), { onSuccess: (): Redacted.Redacted | null => null, onFailure: ofClone(spec) })
    : notConfigured
}

const runInBackground =
  (parts: BuilderParts, request: BuildRequest, spec: BuildSpec, token: Redacted.Redacted | null): Work =>
  (report, hold) =>
    Effect.scoped(
      Effect.flatMap(parts.telemetry.record(spec), (record) =>
        parts.run({ request, spec, token, record, report, hold })
      )
    )

const start = (parts: BuilderParts, git: OutboundHttp, runs: BuildRuns) =>
  Effect.fn("Builder.start")(function* (request: BuildRequest) {
    const spec = yield* buildSpec(request)
    if (yield* runs.isKnown(spec.buildId)) return
    const token = yield* authorize(parts, git, spec, request.installationId)
    yield* runs.start(spec.buildId, runInBackground(parts, request, spec, token))
  })

/**
 * A builder that runs what it claims in this process until the scope closes, and answers for all that the ledger knows. Requests are checked and the repository's owner
 * asked before anything starts; the token stays in memory.
 */
export const makeBuilder = (parts: BuilderParts): Effect.Effect<Builder["Type"], never, Scope.Scope> =>
  Effect.map(Effect.all([makeBuildRuns(parts.ledger, runOptions), gitClient]), ([runs, git]) => ({
    isConfigured: true,
    start: start(parts, git, runs),
    poll: runs.poll,
    cancel: Effect.fn("Builder.cancel")(runs.cancel)
  }))
