import { Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { implement, key, step } from "effect-restate"
import { CommitStatusService } from "../../contract/CommitStatusService.ts"
import { GitHub, type GitHubUnavailable } from "../../services/builds/GitHub.ts"
import { shortened } from "../../text/codePoints.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"

type Report = Input<typeof CommitStatusService, "Report">

/** GitHub's limit of a description. */
const maxDescription = 140
/** Reports of one deployment are serial, so an outage of GitHub must not block them for long. */
const reportRetry = { maxAttempts: 5, maxDuration: "1 minute" } as const

/** `silent`: there is no App or installation that could report. */
const ReportOutcome = Schema.Literal("reported", "silent", "refused")
type ReportOutcome = typeof ReportOutcome.Type

const report = (request: Report) =>
  Effect.gen(function* () {
    const github = yield* GitHub
    const deploymentId = yield* key
    const { description, installationId, url = null, ...rest } = request
    const status = { ...rest, description: shortened(description, maxDescription), url, installationId, deploymentId }
    // Decided inside the step: a retry may run on a worker with another configuration.
    const sendStatus = Effect.suspend((): Effect.Effect<ReportOutcome, GitHubUnavailable> => {
      if (!github.isConfigured || installationId === 0n) return Effect.succeed("silent")
      return github.reportStatus(status).pipe(
        Effect.as("reported" as const),
        Effect.catchTag("GitHubRefused", ({ message }) =>
          Effect.as(
            Effect.logWarning("GitHub refuses the status of a deployment", { problem: message }),
            "refused" as const
          )
        )
      )
    })
    yield* step("report-status", sendStatus, { output: ReportOutcome, retry: reportRetry }).pipe(
      Effect.catchTag("StepFailed", ({ reason }) =>
        Effect.logWarning("GitHub did not receive the status of a deployment", { problem: reason })
      )
    )
    return {}
  })

/** Key: deployment. One report at a time, in the order in which they were sent. */
export const CommitStatusWorkflows = implement(
  CommitStatusService,
  { Report: report },
  { retry: pauseAfterRetries, attributes: requestAttributes("deployment_id") }
)
