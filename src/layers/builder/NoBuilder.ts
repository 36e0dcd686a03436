import { Effect, Layer } from "effect"
import { Builder, BuildRefused } from "../../services/Builder.ts"
import { GitHub, GitHubRefused } from "../../services/GitHub.ts"

/** A worker without builds: it deploys images, and refuses what would have to be built first. */
const NoBuilder: Layer.Layer<Builder> = Layer.succeed(
  Builder,
  Builder.of({
    isConfigured: false,
    start: () => new BuildRefused({ problem: "builds are not configured" }),
    poll: () => Effect.succeed({ _tag: "Unknown" }),
    cancel: () => Effect.void
  })
)

const NoGitHub: Layer.Layer<GitHub> = Layer.succeed(
  GitHub,
  GitHub.of({
    isConfigured: false,
    allowsUnauthenticated: false,
    installationToken: () => new GitHubRefused({ operation: "installation-token", reason: "not_configured" }),
    branchHead: () => new GitHubRefused({ operation: "branch-head", reason: "not_configured" }),
    reportStatus: () => new GitHubRefused({ operation: "report-status", reason: "not_configured" })
  })
)

/** Stands in for both until the worker is given a builder and a GitHub App. */
export const NoBuilds: Layer.Layer<Builder | GitHub> = Layer.merge(NoBuilder, NoGitHub)
