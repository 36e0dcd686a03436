import { Context, type Effect, Schema } from "effect"

/** What one server said. `absent`: the name or the record does not exist. `failed`: it gave no answer that counts. */
export const DnsAnswer = Schema.Union(
  Schema.TaggedStruct("Found", { records: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Absent", {}),
  Schema.TaggedStruct("Failed", { reason: Schema.Literal("timeout", "server_failure", "refused", "unreachable") })
)
export type DnsAnswer = typeof DnsAnswer.Type

export const ServerAnswer = Schema.Struct({ server: Schema.String, answer: DnsAnswer })
export type ServerAnswer = typeof ServerAnswer.Type

/**
 * Asks DNS servers. Never fails: a server that gives no answer is an answer of its own, and what several answers are worth
 * is the workflow's decision. Every server is given 10 s at most. Names are compared without case and final dot; records
 * are lower case without final dot, TXT records as they are, their chunks joined.
 */
export class DnsResolver extends Context.Tag("ctrl-worker/DnsResolver")<
  DnsResolver,
  {
    /** From each of the configured resolvers, in the order of the configuration. */
    readonly txt: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    readonly cname: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /** A and AAAA records together. */
    readonly addresses: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /**
     * From each server that is authoritative for the name's zone, without a cache between. Failed of one whose address is not
     * answered. None when the zone is not found.
     */
    readonly authoritativeTxt: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /** The same from the servers of the zone that holds this very name, though it may be an alias. */
    readonly zoneTxt: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
    /**
     * Where the chain of CNAMEs that begins at this name ends, from each of the configured resolvers: one record. Absent when
     * the name has no CNAME, Failed when a part of the chain is not known. At most 8 links are followed.
     */
    readonly canonicalName: (name: string) => Effect.Effect<ReadonlyArray<ServerAnswer>>
  }
>() {}
