/**
 * Characters not allowed in a repository path. In the URL of a build context, `#`, `:`, `?` and `%` end or change the preceding
 * part (BuildKit decodes percent signs once or twice, depending on its version), and some tools treat a backslash as a
 * separator. Control characters and line separators would break logs.
 */
const notInPath = /[\p{Cc}\p{Zl}\p{Zp}#:?%\\]/u

const maxLength = 500

/** The rule of `isRepositoryPath`, for error texts. */
export const repositoryPathRule =
  "a path within the repository, without .. and without # : ? % \\ and control characters"

/** Whether the path names a file or directory below a repository's root, for git, BuildKit and URLs alike. */
export const isRepositoryPath = (path: string): boolean =>
  path.length <= maxLength &&
  path.isWellFormed() &&
  !notInPath.test(path) &&
  path.split("/").every((segment) => segment !== "" && segment !== "..")
