import { Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { step } from "effect-restate"
import type { DeployService } from "../../../contract/DeployService.ts"
import { GitSourceUnavailable, InvalidRequest } from "../../../contract/errors.ts"
import { Builder } from "../../../services/Builder.ts"
import { BuildSettings } from "../../../services/BuildSettings.ts"
import { GitHub } from "../../../services/GitHub.ts"
import { type GitSource, gitSourceOf } from "./gitSource.ts"
import { resolveBranch } from "./resolveBranch.ts"

const Capabilities = Schema.Struct({
  hasBuilder: Schema.Boolean,
  hasApp: Schema.Boolean,
  allowsPublic: Schema.Boolean,
  platform: Schema.String,
  /** Milliseconds. */
  deadline: Schema.Number
})

/** What is built and under which rules, decided once and for all. */
export interface BuildPlan {
  readonly _tag: "Git"
  readonly source: GitSource
  /** The branch whose newest commit is built; null where the request names the commit. */
  readonly branch: string | null
  /** Whose token reads the repository; null for a public one. */
  readonly installationId: bigint | null
  readonly platform: string
  readonly deadline: number
}

/** Journaled, because a worker that is configured otherwise may finish what this one has begun. */
const readCapabilities = Effect.gen(function* () {
  const { isConfigured: hasBuilder } = yield* Builder
  const { isConfigured: hasApp, allowsUnauthenticated: allowsPublic } = yield* GitHub
  const { deadline, platform } = yield* BuildSettings
  const capabilities = Effect.succeed({ hasBuilder, hasApp, allowsPublic, platform, deadline })
  return yield* step("plan-build", capabilities, { output: Capabilities })
})

type GitInput = NonNullable<Input<typeof DeployService, "Deploy">["git"]>

/** The installation to act as, null for nobody, or why the repository cannot be read. */
const installationOf = (
  deploymentId: string,
  { installationId }: Pick<GitSource, "installationId">,
  capabilities: typeof Capabilities.Type
) => {
  if (capabilities.allowsPublic) return Effect.succeed(null)
  if (capabilities.hasApp && installationId > 0n) return Effect.succeed(installationId)
  return capabilities.hasApp
    ? new InvalidRequest({ field: "git.installationId", problem: "must name the installation of the GitHub App" })
    : new GitSourceUnavailable({ deploymentId, missing: "github_app" })
}

/** Refuses what cannot be built before anything waits for a slot or reaches a URL, and looks up the commit of a branch. */
export const planBuild = (deploymentId: string, given: GitInput) =>
  Effect.gen(function* () {
    const capabilities = yield* readCapabilities
    if (!capabilities.hasBuilder) return yield* new GitSourceUnavailable({ deploymentId })
    const { branch, commitSha: givenSha, ...source } = yield* gitSourceOf(given)
    const installationId = yield* installationOf(deploymentId, source, capabilities)
    const { repository } = source
    const commitSha = givenSha ?? (yield* resolveBranch({ deploymentId, repository, branch, installationId }))
    const { deadline, platform } = capabilities
    const plan: BuildPlan = {
      _tag: "Git",
      source: { ...source, commitSha },
      branch: givenSha === null ? branch : null,
      installationId,
      platform,
      deadline
    }
    return plan
  })
