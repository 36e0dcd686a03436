import { createIndex } from "./createIndex.ts"

/** Leads to the certificates that expire soon, of which there should be none. */
export const certificateExpiry: ReadonlyArray<string> = createIndex(
  "acme_challenges",
  "acme_challenges_expires_at_idx",
  ["expires_at"]
)
