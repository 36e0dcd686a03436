import { getPublicSuffix } from "tldts"

/** Names are checked already, and looked up as they are. */
const asGiven = { extractHostname: false, validateHostname: false, detectIp: false } as const

/**
 * Whether registrations are made directly below this name, by the Public Suffix List that comes with tldts. `icann`: by
 * registries alone. `any`: by operators of platforms too, as below `github.io`. A name must have two labels or more: the list
 * takes every top-level domain for a suffix, also those it does not know, such as `internal`.
 */
export const isPublicSuffix = (host: string, kind: "icann" | "any"): boolean =>
  getPublicSuffix(host, { ...asGiven, allowPrivateDomains: kind === "any" }) === host
