import { Clock, Effect, Option, Schema } from "effect"
import { step } from "effect-restate"
import { InvalidRequest, NotFound } from "../../../contract/errors.ts"
import { DeploymentStore, GitCommit } from "../../../services/DeploymentStore.ts"
import { type BranchHead, GitHub, GitHubRefused, GitHubUnavailable } from "../../../services/GitHub.ts"
import { firstCodePoints } from "../../../text/codePoints.ts"
import { databaseStep } from "../../databaseStep.ts"

/** `deployments.git_commit_message` is a TEXT of 65,535 bytes, and a code point has at most 4. */
const maxMessage = 16_383
/** Widths of the columns of the author. */
const maxHandle = 256
const maxAvatarUrl = 512

const textOfWidth = (text: string | null, max: number): string | null =>
  text === null || text.length > max ? null : text

/** What the row of a deployment holds of a branch's newest commit. A link that does not fit is left out: cut, it leads nowhere. */
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
 * The commit that a deployment of a branch is of: asked of GitHub once, journaled, and written to the deployment's row
 * before anything is built. Another delivery of the same deploy that builds already has decided: its commit is the answer.
 * Fails with 400 when GitHub does not know the branch or does not let the App read it.
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
    // Journaled as the row takes it: a message of any length must not exceed what a step may hold.
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
