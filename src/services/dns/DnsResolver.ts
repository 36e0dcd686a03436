import { Context, type Effect, Schema } from "effect"

/** The response of one server. `Absent`: the name or record does not exist. `Failed`: no usable response. */
export const DnsAnswer = Schema.Union(
  Schema.TaggedStruct("Found", { records: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Absent", {}),
  Schema.TaggedStruct("Failed", { reason: Schema.Literal("timeout", "server_failure", "refused", "unreachable") })
)
export type DnsAnswer = typeof DnsAnswer.Type

export const ServerAnswer = Schema.Struct({ server: Schema.String, answer: DnsAnswer })
export type ServerAnswer = typeof ServerAnswer.Type

/**
 * Queries DNS servers. Never fails: a failed query is a result of its own, and the workflow decides how to combine results.
 * Each server gets at most 10 s. Names are compared without case and final dot. Records are lower case without final dot; TXT
 * records are unchanged, with their character strings joined.
 */
export class DnsResolver extends Context.Tag("ctrl-worker/DnsResolver")<
  DnsResolver,
  {
    /** Queries each configured resolver, in the configured order. */
    readonly txt: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    readonly cname: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /** A and AAAA records together. */
    readonly addresses: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /**
     * Queries each authoritative server of the name's zone, without a cache in between. A server whose address cannot be
     * resolved is `Failed`. Empty if the zone is not found.
     */
    readonly authoritativeTxt: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /** The same for the zone that holds this exact name, even if the name is an alias. */
    readonly zoneTxt: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /**
     * The end of the CNAME chain that starts at this name, from each configured resolver: one record. Absent if the name has no
     * CNAME; Failed if part of the chain is unknown. Follows at most 8 links.
     */
    readonly canonicalName: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
  }
>() {}
