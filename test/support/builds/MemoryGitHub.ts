import { Effect, Layer, Redacted } from "effect"
import { GitHub, GitHubRefused } from "../../../src/services/builds/GitHub.ts"

/** A GitHub whose installations have these tokens; unauthenticated requests can read public repositories. */
export const gitHubWithTokens = (tokens: Readonly<Record<string, string>>): Layer.Layer<GitHub> =>
  Layer.succeed(
    GitHub,
    GitHub.of({
      isConfigured: true,
      allowsUnauthenticated: true,
      installationToken: (installationId, _, { run }) => {
        const token = tokens[String(installationId)]
        return token === undefined
          ? new GitHubRefused({
              operation: "installation-token",
              reason: "installation_missing",
              subject: `installation ${installationId}`
            })
          : Effect.as(run(Redacted.make(token)), Redacted.make(token))
      },
      branchHead: () => Effect.dieMessage("not asked for by builders"),
      appName: Effect.succeed("memory"),
      reportStatus: () => Effect.dieMessage("not asked for by builders")
    })
  )
