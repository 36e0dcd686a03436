import { Either } from "effect"
import type { Input } from "effect-restate"
import type { DeployService } from "../../../contract/DeployService.ts"
import { InvalidRequest } from "../../../contract/errors.ts"
import { isRepositoryPath, repositoryPathRule } from "../../../names/repositoryPath.ts"

/** A validated and normalised source. Every part may become part of a URL. */
export interface GitSource {
  /** `owner/name`. */
  readonly repository: string
  /** 40 lower-case hexadecimal characters. */
  readonly commitSha: string
  /** Empty for the repository's root. */
  readonly contextPath: string
  readonly dockerfilePath: string
  /** 0: none. */
  readonly installationId: bigint
}

/** A source whose commit may have to be resolved. */
export interface UnresolvedSource extends Omit<GitSource, "commitSha"> {
  /** As in `GitSource`; null for the newest commit of `branch`. */
  readonly commitSha: string | null
  /** Not empty where there is no commit. */
  readonly branch: string
}

type GitInput = NonNullable<Input<typeof DeployService, "Deploy">["git"]>

/** GitHub's own rules: an owner has at most 39 characters (underscores in managed accounts), a repository at most 100. */
const repositoryPattern = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})\/[A-Za-z0-9._-]{1,100}$/
const shaPattern = /^[0-9a-f]{40}$/
/** The commit id in the event of a push that deletes a branch. */
const noCommit = "0".repeat(40)

const refused = (field: string, problem: string) => Either.left(new InvalidRequest({ field: `git.${field}`, problem }))

const repositoryOf = (given: string) => {
  const name = given.slice(given.indexOf("/") + 1)
  const isReserved = name === "." || name === ".." || name.toLowerCase().endsWith(".git")
  return repositoryPattern.test(given) && !isReserved
    ? Either.right(given)
    : refused("repository", "must be a repository on GitHub, as owner/name")
}

/** What git forbids in a branch name (git-check-ref-format). Most of it has a meaning in URLs or for git. */
const notInBranch = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|(?:^|\/)\.|\.lock(?:\/|$)|^[/-]|\/\/|[/.]$|^@$/u

const branchOf = (given: string) =>
  notInBranch.test(given) ? refused("branch", "must be the name of a branch") : Either.right(given)

const isBranchAlone = ({ branch, commitSha }: GitInput): boolean => commitSha === "" && branch !== ""

const commitOf = (given: string) => {
  const sha = given.toLowerCase()
  if (!shaPattern.test(sha)) return refused("commitSha", "must be a full commit id of 40 hexadecimal characters")
  return sha === noCommit ? refused("commitSha", "names no commit: the branch was deleted") : Either.right(sha)
}

/** Removes surrounding white space and one leading slash. */
const trimmed = (given: string): string => given.trim().replace(/^\//, "")

const contextOf = (given: string) => {
  const path = trimmed(given)
  if (path === "" || path === ".") return Either.right("")
  return isRepositoryPath(path.replace(/\/$/, ""))
    ? Either.right(path)
    : refused("contextPath", `must be ${repositoryPathRule}`)
}

const dockerfileOf = (given: string) => {
  const path = trimmed(given) || "Dockerfile"
  return isRepositoryPath(path) && !path.endsWith("/.") && path !== "."
    ? Either.right(path)
    : refused("dockerfilePath", `must be ${repositoryPathRule}, below the context`)
}

/** The source of a deploy from git, of a commit or of a branch, or the first invalid field. */
export const gitSourceOf = (given: GitInput): Either.Either<UnresolvedSource, InvalidRequest> =>
  Either.all({
    repository: repositoryOf(given.repository),
    commitSha: isBranchAlone(given) ? Either.right(null) : commitOf(given.commitSha),
    branch: isBranchAlone(given) ? branchOf(given.branch) : Either.right(given.branch),
    contextPath: contextOf(given.contextPath),
    dockerfilePath: dockerfileOf(given.dockerfilePath),
    installationId:
      given.installationId >= 0n
        ? Either.right(given.installationId)
        : refused("installationId", "must not be negative")
  })
