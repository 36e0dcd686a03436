import { Context, type Effect, Schema } from "effect"
import type { ChallengeRecord } from "./ChallengeRecord.ts"

/** The DNS provider is unavailable, throttles, or has a conflicting change in progress. Class: retry. */
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

/** No configured zone holds the name, or the provider rejects the record permanently. Class: needs an operator. */
export class DnsZoneRefused extends Schema.TaggedError<DnsZoneRefused>()("DnsZoneRefused", {
  name: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `DNS record ${this.name}: ${this.problem}`
  }
}

/**
 * Writes TXT values in configured zones, only at names of a `ChallengeRecord`. A name can hold several values, because a
 * wildcard and its base name are validated at the same time, so only the given value is added or removed. Safe to repeat.
 */
export class DnsZone extends Context.Tag("ctrl-worker/DnsZone")<
  DnsZone,
  {
    /** Returns the provider's change id; null if the value was already present. */
    readonly addTxt: (
      record: ChallengeRecord,
      value: string
    ) => Effect.Effect<string | null, DnsZoneUnavailable | DnsZoneRefused>
    /** Whether all servers of the zone have applied the change. */
    readonly isInSync: (changeId: string) => Effect.Effect<boolean, DnsZoneUnavailable>
    /** No effect if the value is absent. */
    readonly removeTxt: (
      record: ChallengeRecord,
      value: string
    ) => Effect.Effect<void, DnsZoneUnavailable | DnsZoneRefused>
    /** Succeeds if a readable zone exists for the record. Changes nothing. */
    readonly check: (record: ChallengeRecord) => Effect.Effect<void, DnsZoneUnavailable | DnsZoneRefused>
  }
>() {}
