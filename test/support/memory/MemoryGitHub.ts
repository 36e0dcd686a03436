import { Context, Effect, Layer, Redacted } from "effect"
import {
  type BranchHead,
  type CommitStatus,
  GitHub,
  type GitHubError,
  GitHubRefused,
  GitHubUnavailable
} from "../../../src/services/builds/GitHub.ts"

export interface MemoryGitHubOptions {
  readonly allowsUnauthenticated?: boolean
  /** Whether an App is configured. Default true if options are given. */
  readonly isConfigured?: boolean
  /** Default: accepts every report. */
  readonly reports?: "taken" | "refused" | "unavailable"
  /** The newest commit for the n-th query of a branch, from 1; default: the same commit. Null: no such branch. */
  readonly headOf?: (branch: string, nth: number) => BranchHead | "unavailable" | null
}

/** The test's view of GitHub. */
export class MemoryGitHub extends Context.Tag("test/MemoryGitHub")<
  MemoryGitHub,
  {
    /** The states a deployment's commit has gone through, in order; a repeated report changes nothing. */
    readonly statesOf: (deploymentId: string) => ReadonlyArray<CommitStatus["state"]>
    readonly lastOf: (deploymentId: string) => CommitStatus | undefined
    /** Branch queries, as `<repository> <branch> <installation>`. */
    readonly asked: ReadonlyArray<string>
  }
>() {}

const head = { sha: "5".repeat(40), message: "", authorHandle: null, authorAvatarUrl: null, timestamp: 1 }

/** A GitHub that records reports. Without options no App is configured. */
export const memoryGitHub = (options?: MemoryGitHubOptions): Layer.Layer<GitHub | MemoryGitHub> =>
  Layer.effectContext(
    Effect.sync(() => {
      const { allowsUnauthenticated = false, isConfigured = options !== undefined, reports = "taken" } = options ?? {}
      const headOf = options?.headOf ?? (() => head)
      const asked: Array<string> = []
      const ask = (
        repository: string,
        branch: string,
        installationId: bigint | null
      ): Effect.Effect<BranchHead, GitHubError> => {
        asked.push(`${repository} ${branch} ${installationId}`)
        const found = headOf(branch, asked.length)
        const operation = "branch-head"
        if (found === "unavailable") return new GitHubUnavailable({ operation, reason: "unavailable", status: 503 })
        if (found !== null) return Effect.succeed(found)
        return new GitHubRefused({ operation, reason: "denied", subject: `branch ${branch} of ${repository}` })
      }
      const told = new Map<string, ReadonlyArray<CommitStatus>>()
      const of = (deploymentId: string) => told.get(deploymentId) ?? []
      const take = (status: CommitStatus) =>
        Effect.sync(() => {
          const before = of(status.deploymentId)
          if (before.at(-1)?.state !== status.state) told.set(status.deploymentId, [...before, status])
        })
      const operation = "report-status"
      const answers = {
        taken: take,
        refused: () => new GitHubRefused({ operation, reason: "denied", subject: "acme/shop" }),
        unavailable: () => new GitHubUnavailable({ operation, reason: "unavailable", status: 503 })
      }
      const github = GitHub.of({
        isConfigured,
        allowsUnauthenticated,
        installationToken: () => Effect.succeed(Redacted.make("memory-token")),
        branchHead: (repository, branch, installationId) =>
          Effect.suspend(() => ask(repository, branch, installationId)),
        appName: Effect.succeed("memory"),
        reportStatus: (status) => answers[reports](status)
      })
      const seen = MemoryGitHub.of({
        statesOf: (deploymentId) => of(deploymentId).map(({ state }) => state),
        lastOf: (deploymentId) => of(deploymentId).at(-1),
        asked
      })
      return Context.make(GitHub, github).pipe(Context.add(MemoryGitHub, seen))
    })
  )
