import { Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { step } from "effect-restate"
import type { DeployService } from "../../../contract/DeployService.ts"
import { GitSourceUnavailable, InvalidRequest } from "../../../contract/errors.ts"
import { Builder } from "../../../services/builds/Builder.ts"
import { BuildSettings } from "../../../services/builds/BuildSettings.ts"
import { GitHub } from "../../../services/builds/GitHub.ts"
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

/** What is built and with which configuration; journaled once. */
export interface BuildPlan {
  readonly _tag: "Git"
  readonly source: GitSource
  /** The branch whose newest commit is built; null when the request names the commit. */
  readonly branch: string | null
  /** The installation whose token reads the repository; null for anonymous access. */
  readonly installationId: bigint | null
  readonly platform: string
  readonly deadline: number
}

/** Journaled, because a worker with another configuration may continue the invocation. */
const readCapabilities = Effect.gen(function* () {
  const { isConfigured: hasBuilder } = yield* Builder
  const { isConfigured: hasApp, allowsUnauthenticated: allowsPublic } = yield* GitHub
  const { deadline, platform } = yield* BuildSettings
  const capabilities = Effect.succeed({ hasBuilder, hasApp, allowsPublic, platform, deadline })
  return yield* step("plan-build", capabilities, { output: Capabilities })
})

type GitInput = NonNullable<Input<typeof DeployService, "Deploy">["git"]>

/** The installation to act as, null for anonymous access, or why the repository cannot be read. */
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

/**
 * Refuses an invalid source before it waits for a slot or becomes part of a URL, and resolves a branch to its newest
 * commit.
 */
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
