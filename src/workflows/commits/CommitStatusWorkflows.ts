import { Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { implement, key, step } from "effect-restate"
import { CommitStatusService } from "../../contract/CommitStatusService.ts"
import { GitHub, type GitHubUnavailable } from "../../services/GitHub.ts"
import { shortened } from "../../text/codePoints.ts"
import { pauseAfterRetries } from "../retry.ts"

type Report = Input<typeof CommitStatusService, "Report">

/** What GitHub takes for a description. */
const maxDescription = 140
/** Reports of one deployment follow each other, so a GitHub that is away must not hold them up for long. */
const patience = { maxAttempts: 5, maxDuration: "1 minute" } as const

/** `silent`: without an App or an installation there is nobody who could report. */
const Outcome = Schema.Literal("reported", "silent", "refused")
type Outcome = typeof Outcome.Type

const report = (request: Report) =>
  Effect.gen(function* () {
    const github = yield* GitHub
    const deploymentId = yield* key
    const { description, installationId, url = null, ...rest } = request
    const status = { ...rest, description: shortened(description, maxDescription), url, installationId, deploymentId }
    // Whether there is an App is asked within the step: the next worker may be configured otherwise.
    const tell = Effect.suspend((): Effect.Effect<Outcome, GitHubUnavailable> => {
      if (!github.isConfigured || installationId === 0n) return Effect.succeed("silent")
      return github.reportStatus(status).pipe(
        Effect.as("reported" as const),
        Effect.catchTag("GitHubRefused", ({ message }) =>
          Effect.as(
            Effect.logWarning(`GitHub does not show deployment ${deploymentId}: ${message}`),
            "refused" as const
          )
        )
      )
    })
    yield* step("report-status", tell, { output: Outcome, retry: patience }).pipe(
      Effect.catchTag("StepFailed", ({ reason }) =>
        Effect.logWarning(`GitHub was not told about deployment ${deploymentId}: ${reason}`)
      )
    )
    return {}
  })

/** Key: deployment. One report at a time, in the order in which they were sent. */
export const CommitStatusWorkflows = implement(CommitStatusService, { Report: report }, { retry: pauseAfterRetries })
