import { Clock, Effect, Option, Schema } from "effect"
import { step } from "effect-restate"
import { InvalidRequest, NotFound } from "../../../contract/errors.ts"
import { type BranchHead, GitHub, GitHubRefused, GitHubUnavailable } from "../../../services/builds/GitHub.ts"
import { DeploymentStore, GitCommit } from "../../../services/deploy/DeploymentStore.ts"
import { firstCodePoints } from "../../../text/codePoints.ts"
import { databaseStep } from "../../databaseStep.ts"

/** `deployments.git_commit_message` is a TEXT of 65,535 bytes, and a code point has at most 4. */
const maxMessage = 16_383
/** Widths of the columns of the author. */
const maxHandle = 256
const maxAvatarUrl = 512

const textOfWidth = (text: string | null, max: number): string | null =>
  text === null || text.length > max ? null : text

/**
 * A branch's newest commit as the deployment's row stores it. A URL that does not fit is left out, because a truncated
 * URL is useless.
 */
export const commitOfHead = (branch: string, head: BranchHead): GitCommit => ({
  sha: head.sha,
  branch,
  message: firstCodePoints(head.message, maxMessage),
  authorHandle: textOfWidth(head.authorHandle, maxHandle),
  authorAvatarUrl: textOfWidth(head.authorAvatarUrl, maxAvatarUrl),
  timestamp: head.timestamp > 0 ? head.timestamp : null
})

const isCommitId = ({ sha }: BranchHead): boolean => /^[0-9a-f]{40}$/.test(sha)

interface Branch {
  readonly deploymentId: string
  readonly repository: string
  readonly branch: string
  readonly installationId: bigint | null
}

/**
 * Resolves a branch to its newest commit: read from GitHub once, journaled, and written to the deployment's row before
 * the build. If another delivery of the same deploy has written a commit, that one is the answer. Fails with 400 when
 * GitHub does not know the branch or the App may not read it.
 */
export const resolveBranch = ({ branch, deploymentId, installationId, repository }: Branch) =>
  Effect.gen(function* () {
    const github = yield* GitHub
    const deployments = yield* DeploymentStore
    const newest = Effect.filterOrFail(
      github.branchHead(repository, branch, installationId),
      isCommitId,
      () => new GitHubUnavailable({ operation: "branch-head", reason: "unexpected-answer" })
    )
    // Truncated before it is journaled, so that a long commit message does not exceed the limit of a step's result.
    const journaled = Effect.map(newest, (head) => commitOfHead(branch, head))
    const commit = yield* step("resolve-branch", journaled, { output: GitCommit, error: GitHubRefused }).pipe(
      Effect.catchTag("GitHubRefused", ({ message }) => new InvalidRequest({ field: "git.branch", problem: message }))
    )
    const at = yield* Clock.currentTimeMillis
    const write = deployments.writeCommit({ deploymentId, commit, at }).pipe(
      Effect.flatMap(
        Option.match({
          onNone: () => new NotFound({ resource: "deployment", id: deploymentId }),
          onSome: (sha) => Effect.succeed(sha)
        })
      )
    )
    return yield* databaseStep("write-commit", write, { output: Schema.String, error: NotFound })
  })
