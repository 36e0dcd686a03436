import { Context, type Effect } from "effect"
import { DomainRecord } from "../domain/DomainRecords.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"
import type { Page, PageRequest } from "./Page.ts"

/** A custom domain in a list. Texts that tenants choose are not escaped. */
export const ListedDomain = DomainRecord.pick(
  "id",
  "domain",
  "workspaceId",
  "projectId",
  "verificationStatus",
  "ownershipVerified",
  "cnameVerified",
  "checkAttempts",
  "lastCheckedAt",
  "verificationError",
  "createdAt",
  "challengeStatus",
  "challengeExpiresAt"
)
export type ListedDomain = typeof ListedDomain.Type

export const verificationStatuses = ["pending", "verifying", "verified", "failed"] as const

export interface DomainFilter {
  readonly status?: (typeof verificationStatuses)[number] | undefined
  /** The id of a project. */
  readonly project?: string | undefined
}

/** Custom domains for operators, page by page. Read only, found by indexes. */
export class DomainList extends Context.Tag("ctrl-worker/DomainList")<
  DomainList,
  {
    readonly page: (filter: DomainFilter, request: PageRequest) => Effect.Effect<Page<ListedDomain>, SourceUnavailable>
  }
>() {}
