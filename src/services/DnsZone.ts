import { Context, type Effect, Schema } from "effect"
import type { ChallengeRecord } from "./ChallengeRecord.ts"

/** The provider did not do it now: away, throttled, or another change of the zone is under way. Class: retry. */
export class DnsZoneUnavailable extends Schema.TaggedError<DnsZoneUnavailable>()("DnsZoneUnavailable", {
  operation: Schema.Literal("find-zone", "read", "change", "change-status"),
  reason: Schema.Literal("unreachable", "timeout", "throttled", "unavailable", "conflict", "denied"),
  code: Schema.optional(Schema.String)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `DNS zone ${this.operation}: ${this.reason}${this.code === undefined ? "" : ` (${this.code})`}`
  }
}

/** No zone of ours holds the name, or the provider refuses the record for good. Class: needs a person. */
export class DnsZoneRefused extends Schema.TaggedError<DnsZoneRefused>()("DnsZoneRefused", {
  name: Schema.String,
  problem: Schema.String
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `DNS record ${this.name}: ${this.problem}`
  }
}

/**
 * Writes TXT values in zones of ours, at names that a `ChallengeRecord` can have and no other. Several values stand under one name (a wildcard and its parent are validated at the
 * same time), so only the given value is ever added or taken away. Safe to repeat.
 */
export class DnsZone extends Context.Tag("ctrl-worker/DnsZone")<
  DnsZone,
  {
    /** Answers with the provider's id of the change; null when the value stood there already. */
    readonly addTxt: (
      record: ChallengeRecord,
      value: string
    ) => Effect.Effect<string | null, DnsZoneUnavailable | DnsZoneRefused>
    /** Whether every server of the zone has the change. */
    readonly isInSync: (changeId: string) => Effect.Effect<boolean, DnsZoneUnavailable>
    /** Nothing happens when the value is not there. */
    readonly removeTxt: (
      record: ChallengeRecord,
      value: string
    ) => Effect.Effect<void, DnsZoneUnavailable | DnsZoneRefused>
    /** Succeeds while a zone of ours could hold the record and lets us read it; changes nothing. */
    readonly check: (record: ChallengeRecord) => Effect.Effect<void, DnsZoneUnavailable | DnsZoneRefused>
  }
>() {}
