import { Either } from "effect"
import { projectRepository, withoutScheme } from "../../names/imageReference.ts"
import { isRepositoryPath, repositoryPathRule } from "../../names/repositoryPath.ts"
import { BuildRefused, type BuildRequest } from "../../services/builds/Builder.ts"

/** A validated request: each part is safe in a URL, a tag or an attribute. */
export interface BuildSpec {
  readonly buildId: string
  readonly workspaceId: string
  readonly projectId: string
  readonly deploymentId: string
  readonly repository: string
  readonly commitSha: string
  /** Relative to the repository, empty for its root. */
  readonly contextPath: string
  /** Relative to the context. */
  readonly dockerfilePath: string
  readonly platform: string
}

type Checked = Either.Either<string, BuildRefused>
type Field = BuildRefused["field"]

// A build id is used as a Kubernetes label.
const label = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/
// A tag is `<projectId>-<deploymentId>`, at most 128 characters of these (OCI distribution specification 1.1).
const tagPart = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/
// GitHub's own limits: 39 characters for a login (with `_` for managed users), 100 for a repository.
const repositoryName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/
const fullSha = /^[0-9a-f]{40}$/
const platformName = /^linux\/[a-z0-9]{1,16}$/

const refuse = (field: Field, problem: string) => Either.left(new BuildRefused({ reason: "invalid", field, problem }))

const matching = (field: Field, value: string, pattern: RegExp, problem: string): Checked =>
  pattern.test(value) ? Either.right(value) : refuse(field, problem)

const commit = (sha: string): Checked => {
  if (/^0+$/.test(sha)) return refuse("commitSha", "the branch was deleted: there is no commit to build")
  return matching("commitSha", sha, fullSha, "expected all 40 hexadecimal digits of a commit, in lower case")
}

/** Users may enter surrounding spaces, one leading and one trailing slash. */
const relativePath = (field: Field, given: string): Checked => {
  const trimmed = given.trim().replace(/^\//, "").replace(/\/$/, "")
  if (trimmed === "" || trimmed === ".") return Either.right("")
  return isRepositoryPath(trimmed) ? Either.right(trimmed) : refuse(field, `expected ${repositoryPathRule}`)
}

/** Validates a request. Fails with the first invalid field. */
export const buildSpec = (request: BuildRequest): Either.Either<BuildSpec, BuildRefused> =>
  Either.all({
    buildId: matching("buildId", request.buildId, label, "expected 1 to 63 letters, digits, `-`, `_` or `.`"),
    workspaceId: matching("workspaceId", request.workspaceId, tagPart, "expected letters, digits, `-`, `_` or `.`"),
    projectId: matching("projectId", request.projectId, tagPart, "expected letters, digits, `-`, `_` or `.`"),
    deploymentId: matching("deploymentId", request.deploymentId, tagPart, "expected letters, digits, `-`, `_` or `.`"),
    repository: matching("repository", request.repository, repositoryName, "expected owner/name"),
    commitSha: commit(request.commitSha),
    contextPath: relativePath("contextPath", request.contextPath),
    dockerfilePath: Either.map(relativePath("dockerfilePath", request.dockerfilePath), (file) =>
      file === "" ? "Dockerfile" : file
    ),
    platform: matching("platform", request.platform.replace(/^\//, ""), platformName, "expected linux/<architecture>")
  })

/** The clone URL of a repository, such as `https://github.com/acme/shop.git`. */
export const cloneUrl = (gitUrl: string, { repository }: Pick<BuildSpec, "repository">): string =>
  `${gitUrl.replace(/\/+$/, "")}/${repository}.git`

/** BuildKit's git context: the exact commit, and the directory in it when there is one. */
export const contextUrl = (gitUrl: string, spec: BuildSpec): string =>
  `${cloneUrl(gitUrl, spec)}#${spec.commitSha}${spec.contextPath === "" ? "" : `:${spec.contextPath}`}`

/** Limits the token to one host, so that a submodule on another host never gets it. A port is part of the host. */
export const gitTokenSecret = (gitUrl: string): string => `GIT_AUTH_TOKEN.${new URL(gitUrl).host}`

/** `<registry>/<repository>:<projectId>-<deploymentId>`; the registry may have a path of its own. */
export const taggedImage = (registryUrl: string, repository: string, spec: BuildSpec): string =>
  `${withoutScheme(registryUrl)}/${repository}:${spec.projectId}-${spec.deploymentId}`

/** `<registry>/<workspace>/<project>:<deploymentId>`, in the repository of the project. */
export const projectImage = (registryUrl: string, spec: BuildSpec): string =>
  `${projectRepository(registryUrl, spec)}:${spec.deploymentId}`
