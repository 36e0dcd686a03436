import { fitted } from "./terminal.ts"

/** What git says while BuildKit fetches a commit, and it means nothing: "fatal" is how git answers "not fetched yet". */
const ofGit = [
  /^(Reinitialized existing|Initialized empty) Git repository /,
  /^fatal: Not a valid object name /,
  /^From https?:/,
  /^ \* (branch|\[new \w+\]) /
]

/** The lines of a build's log that its commands wrote. */
export const linesOfBuild = (log: string): ReadonlyArray<string> =>
  log
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !ofGit.some((pattern) => pattern.test(line)))

/** Digests and commits by their first characters. */
export const shortHashes = (text: string): string =>
  text
    .replaceAll(/\bsha256:([0-9a-f]{12})[0-9a-f]{52}\b/g, "sha256:$1…")
    .replaceAll(/\b([0-9a-f]{7})[0-9a-f]{33}\b/g, "$1…")

/** An image by the last part of its name, and its digest by its first characters. */
export const shortImage = (image: string): string => shortHashes(image.slice(image.lastIndexOf("/") + 1))

/** A line of at most this many columns. */
export const shortLine = (line: string, width: number): string => fitted(shortHashes(line), width)
