import type { OwnIndex } from "./createIndex.ts"

/** Leads to the certificates that expire soon, of which there should be none. */
export const certificateExpiry: OwnIndex = {
  table: "acme_challenges",
  name: "acme_challenges_expires_at_idx",
  columns: ["expires_at"]
}
