import type { AcmeOperation } from "../../../src/services/certificate/Acme.ts"

export type AuthorityOperation = AcmeOperation | "nonce"

/** Pebble's paths, so that the simulator can also proxy a Pebble. */
export const paths = {
  directory: "/dir",
  nonce: "/nonce-plz",
  "new-account": "/sign-me-up",
  "new-order": "/order-plz",
  order: "/my-order/",
  authorization: "/authZ/",
  challenge: "/chalZ/",
  finalize: "/finalize-order/",
  certificate: "/certZ/",
  "renewal-info": "/draft-ietf-acme-ari-03/renewalInfo/"
} as const satisfies Readonly<Record<AuthorityOperation, string>>

// Object.entries widens the keys of a record over every operation to string.
const operations = Object.entries(paths) as ReadonlyArray<[AuthorityOperation, string]>

/** The operation of a path; undefined for unknown paths. */
export const operationAt = (path: string): AuthorityOperation | undefined =>
  operations.find(([, prefix]) => (prefix.endsWith("/") ? path.startsWith(prefix) : path === prefix))?.[0]
