/**
 * What a path in a repository may not hold. In the address of a build's context `#`, `:`, `?` and `%` end or change what
 * stands before them (BuildKit decodes percent signs once or twice, by its version), and a backslash is a separator to
 * some. Control characters and line separators would break logs.
 */
const notInPath = /[\p{Cc}\p{Zl}\p{Zp}#:?%\\]/u

const maxLength = 500

/** What `isRepositoryPath` takes, for people. */
export const repositoryPathRule =
  "a path within the repository, without .. and without # : ? % \\ and control characters"

/** Whether it names a file or directory below a repository's root and nothing else, for git, for BuildKit and in an address. */
export const isRepositoryPath = (path: string): boolean =>
  path.length <= maxLength &&
  path.isWellFormed() &&
  !notInPath.test(path) &&
  path.split("/").every((segment) => segment !== "" && segment !== "..")
