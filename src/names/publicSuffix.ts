import { getPublicSuffix } from "tldts"

/** Names are already validated and looked up unchanged. */
const asGiven = { extractHostname: false, validateHostname: false, detectIp: false } as const

/**
 * Whether the Public Suffix List of tldts contains this name. `icann`: suffixes of registries. `any`: also suffixes of
 * platforms, such as `github.io`. The name must have at least two labels: the list treats every top-level domain as a suffix,
 * also unknown ones such as `internal`.
 */
export const isPublicSuffix = (host: string, kind: "icann" | "any"): boolean =>
  getPublicSuffix(host, { ...asGiven, allowPrivateDomains: kind === "any" }) === host
