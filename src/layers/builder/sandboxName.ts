import { createHash } from "node:crypto"

/** A label of a host name has at most 63 characters (RFC 1035, section 2.3.4). */
const hexDigits = 32

/**
 * The host name of the machine that `RUN` steps see. BuildKit keeps a step's result under a key with that name, and without
 * the contents of secrets and of cache mounts that the step reads. A name of its own is a cache of its own: the result of
 * a step is used again only where all parts are equal.
 */
export const sandboxName = (...parts: ReadonlyArray<string>): string => {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex")
  return `build-${digest.slice(0, hexDigits)}`
}
