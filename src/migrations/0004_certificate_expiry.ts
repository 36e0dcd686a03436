import type { OwnIndex } from "./createIndex.ts"

/** Index for finding certificates that expire soon. */
export const certificateExpiry: OwnIndex = {
  table: "acme_challenges",
  name: "acme_challenges_expires_at_idx",
  columns: ["expires_at"]
}
