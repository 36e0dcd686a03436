import { createHash } from "node:crypto"

/** A DNS label has at most 63 characters (RFC 1035, section 2.3.4). */
const hexDigits = 32

/**
 * The host name inside `RUN` steps. BuildKit's cache key of a step includes it, but not the contents of secrets and cache
 * mounts. So a distinct name separates caches: a step's result is reused only if all parts are equal.
 */
export const sandboxName = (...parts: ReadonlyArray<string>): string => {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex")
  return `build-${digest.slice(0, hexDigits)}`
}
