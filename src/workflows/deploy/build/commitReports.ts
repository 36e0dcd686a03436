import { Effect } from "effect"
import type { Durable, Input } from "effect-restate"
import { send } from "effect-restate"
import { CommitStatusService } from "../../../contract/CommitStatusService.ts"
import type { Deployment } from "../../../services/deploy/Deployment.ts"
import type { BuildPlan } from "./planBuild.ts"

type State = Input<typeof CommitStatusService, "Report">["state"]
type Report = Effect.Effect<void, never, Durable>

/** Reports for the commit's page on GitHub. One-way messages: they neither wait nor fail. */
export interface CommitReports {
  readonly pending: Report
  readonly building: Report
  readonly live: (url: string) => Report
  /** A no-op after `live`. */
  readonly failed: (reason: string) => Report
}

const noReports: CommitReports = {
  pending: Effect.void,
  building: Effect.void,
  live: () => Effect.void,
  failed: () => Effect.void
}

/** Reports of a deployment from git; no-ops for a deployment of an image, which has no commit. */
export const commitReports = (
  { id: deploymentId }: Deployment,
  environment: string,
  plan: BuildPlan | undefined
): CommitReports => {
  if (plan === undefined || plan.installationId === null) return noReports
  const { installationId, source } = plan
  const { commitSha: sha, repository } = source
  const report = (state: State, description: string, url?: string): Report =>
    send(CommitStatusService, deploymentId, "Report", {
      repository,
      sha,
      environment,
      installationId,
      state,
      description,
      ...(url === undefined ? {} : { url })
    }).pipe(
      Effect.asVoid,
      Effect.catchTag("EncodingFailed", ({ message }) =>
        Effect.logWarning("The status of a deployment cannot be sent to GitHub", { problem: message })
      )
    )
  let isLive = false
  return {
    pending: report("pending", "Waits for a build slot"),
    building: report("in_progress", "Builds and deploys"),
    live: (url) =>
      Effect.suspend(() => {
        isLive = true
        return report("success", "Is live", url)
      }),
    failed: (reason) => Effect.suspend(() => (isLive ? Effect.void : report("failure", reason)))
  }
}
