import { Duration, Effect, Layer, Option, type Redacted, type Scope } from "effect"
import {
  Builder,
  BuilderUnavailable,
  type BuildOutcome,
  BuildRefused,
  type BuildRequest
} from "../../services/builds/Builder.ts"
import { BuildLedger } from "../../services/builds/BuildLedger.ts"
import { BuildTelemetry } from "../../services/builds/BuildTelemetry.ts"
import {
  BuildVariables,
  type EnvironmentVariables,
  type VariablesRefused
} from "../../services/builds/BuildVariables.ts"
import { GitHub, type GitHubError } from "../../services/builds/GitHub.ts"
import type { DbRefused } from "../../services/Db.ts"
import type { DecryptionRefused } from "../../services/vault/Vault.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import type { OutboundHttp } from "../outbound/OutboundHttp.ts"
import { authorizeClone, type CloneRefused, type GitUnavailable, gitClient, isTokenRefused } from "./authorizeClone.ts"
import { type BuildRuns, type BuildTask, makeBuildRuns } from "./BuildRuns.ts"
import type { BuildLease, BuildLost } from "./buildLease.ts"
import { type BuildSpec, buildSpec, cloneUrl } from "./buildSpec.ts"
import type { ImageBuild } from "./solveImage.ts"

/** An authorized build. The vendor chooses the image's name and credentials. */
export type AuthorizedBuild = Omit<ImageBuild, "image" | "credentialsOpen"> & {
  readonly request: BuildRequest
  readonly hold: BuildLease
}

/** Runs a build on one vendor, from acquiring a machine to releasing it. */
export type RunBuild = (build: AuthorizedBuild) => Effect.Effect<BuildOutcome, BuildLost, Scope.Scope>

export interface BuilderParts {
  readonly gitUrl: string
  readonly github: GitHub["Type"]
  readonly ledger: BuildLedger["Type"]
  readonly telemetry: BuildTelemetry["Type"]
  readonly variables: BuildVariables["Type"]
  readonly run: RunBuild
}

/** Part of a step's 30 s, for the token and the request to the git server. */
const gitTimeout = Duration.seconds(12)

/** Part of the same 30 s. */
const variablesTimeout = Duration.seconds(10)

const runOptions = {
  // Twice a deploy's build timeout.
  maxDuration: Duration.hours(1),
  // Longer than a database failover, and short enough to wait for after a worker died.
  lease: Duration.seconds(30),
  renewEvery: Duration.seconds(2),
  // Longer than a deploy sleeps between two polls.
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
  (error: CloneRefused | GitUnavailable) => {
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
 * A token that can read the commit, null for a public repository. Verified for each build: a build must not get content that
 * its token cannot read.
 */
const authorize = (
  { gitUrl, github }: BuilderParts,
  git: OutboundHttp,
  spec: BuildSpec,
  installationId: bigint | null
) => {
  const { commitSha, repository } = spec
  const check = (token: Redacted.Redacted | null) =>
    authorizeClone(git, { url: cloneUrl(gitUrl, spec), commitSha, token }, gitTimeout)
  if (installationId !== null && github.isConfigured) {
    const isRefusal = (error: CloneRefused | GitUnavailable) => error._tag === "CloneRefused" && isTokenRefused(error)
    return github
      .installationToken(installationId, repository, { run: check, isRefusal })
      .pipe(
        Effect.mapError((error) =>
          error._tag === "CloneRefused" || error._tag === "GitSilent" ? ofClone(spec)(error) : ofGitHub(error)
        )
      )
  }
  return github.allowsUnauthenticated
    ? Effect.mapBoth(check(null), { onSuccess: (): Redacted.Redacted | null => null, onFailure: ofClone(spec) })
    : notConfigured
}

const ofVariables = ({ message }: VariablesRefused | DecryptionRefused | DbRefused) =>
  new BuildRefused({ reason: "invalid", field: "environmentVariables", problem: message })

const variablesOf = ({ variables }: BuilderParts, { deploymentId }: BuildSpec) =>
  variables.forDeployment(deploymentId).pipe(
    Effect.map(Option.getOrNull),
    Effect.catchTags({
      DbError: () => unavailable("unavailable"),
      DbRefused: ofVariables,
      DecryptionRefused: ofVariables,
      VariablesRefused: ofVariables,
      VaultUnavailable: () => unavailable("vault-unavailable")
    }),
    Effect.timeoutFail({ duration: variablesTimeout, onTimeout: () => unavailable("vault-unavailable") })
  )

/** Secrets of a build, kept in memory only. */
interface Secrets {
  readonly token: Redacted.Redacted | null
  readonly variables: EnvironmentVariables | null
}

const runInBackground =
  (parts: BuilderParts, request: BuildRequest, spec: BuildSpec, secrets: Secrets): BuildTask =>
  (report, hold) =>
    Effect.scoped(
      Effect.flatMap(parts.telemetry.record(spec), (record) =>
        parts.run({ request, spec, ...secrets, record, report, hold })
      )
    )

const start = (parts: BuilderParts, git: OutboundHttp, runs: BuildRuns) =>
  Effect.fn("Builder.start")(function* (request: BuildRequest) {
    const spec = yield* buildSpec(request)
    if (yield* runs.isKnown(spec.buildId)) return
    const token = yield* authorize(parts, git, spec, request.installationId)
    const variables = yield* variablesOf(parts, spec)
    yield* runs.start(spec.buildId, runInBackground(parts, request, spec, { token, variables }))
  })

export const makeBuilder = (parts: BuilderParts): Effect.Effect<Builder["Type"], never, Scope.Scope> =>
  Effect.map(Effect.all([makeBuildRuns(parts.ledger, runOptions), gitClient]), ([runs, git]) => ({
    isConfigured: true,
    start: start(parts, git, runs),
    poll: runs.poll,
    cancel: Effect.fn("Builder.cancel")(runs.cancel)
  }))

/**
 * A builder that runs its claimed builds in this process until the scope closes, and answers for all builds in the ledger.
 * Requests are validated and authorized before a build starts; token and variables stay in memory.
 */
export const builderLayer = <R>(
  gitUrl: string,
  vendor: Effect.Effect<RunBuild, never, R>
): Layer.Layer<Builder, never, BuildLedger | BuildTelemetry | BuildVariables | GitHub | Exclude<R, Scope.Scope>> =>
  Layer.scoped(
    Builder,
    Effect.all({
      github: GitHub,
      ledger: BuildLedger,
      telemetry: BuildTelemetry,
      variables: BuildVariables,
      run: vendor
    }).pipe(Effect.flatMap((parts) => makeBuilder({ gitUrl, ...parts })))
  )
