import { Effect, Layer } from "effect"
import { Builder, BuildRefused } from "../../services/Builder.ts"
import { GitHub, type GitHubOperation, GitHubRefused } from "../../services/GitHub.ts"

/** A worker without builds: it deploys images, and refuses what would have to be built first. */
const NoBuilder: Layer.Layer<Builder> = Layer.succeed(
  Builder,
  Builder.of({
    isConfigured: false,
    start: () => new BuildRefused({ reason: "not_configured", field: "builder", problem: "builds are not configured" }),
    poll: () => Effect.succeed({ _tag: "Unknown" }),
    cancel: () => Effect.void
  })
)

const refused = (operation: GitHubOperation) =>
  new GitHubRefused({ operation, reason: "not_configured", subject: "App" })

const NoGitHub: Layer.Layer<GitHub> = Layer.succeed(
  GitHub,
  GitHub.of({
    isConfigured: false,
    allowsUnauthenticated: false,
    installationToken: () => refused("installation-token"),
    branchHead: () => refused("branch-head"),
    reportStatus: () => refused("report-status")
  })
)

/** Stands in for both until the worker is given a builder and a GitHub App. */
export const NoBuilds: Layer.Layer<Builder | GitHub> = Layer.merge(NoBuilder, NoGitHub)
