import { Clock, Effect, Schema } from "effect"
import { ownershipName } from "../../names/DnsName.ts"
import type { DomainName } from "../../names/DomainName.ts"
import type { DbFailure } from "../../services/Db.ts"
import { DnsResolver } from "../../services/DnsResolver.ts"
import { type CustomDomain, DomainStore } from "../../services/DomainStore.ts"
import { judgeOwnership } from "./ownership.ts"
import { judgeTarget, needsEvidence } from "./target.ts"

/**
 * What a check found, to be journaled: later code acts on this and asks nobody again. Findings are what is wrong, null
 * when nothing is. It holds no token and no records.
 */
export const Look = Schema.Union(
  Schema.TaggedStruct("Missing", {}),
  Schema.TaggedStruct("Verified", { domainId: Schema.String, at: Schema.Number }),
  Schema.TaggedStruct("Checked", {
    domainId: Schema.String,
    /** Unix milliseconds. */
    at: Schema.Number,
    ownership: Schema.NullOr(Schema.String),
    target: Schema.NullOr(Schema.String)
  })
)
export type Look = typeof Look.Type
export type Checked = Extract<Look, { readonly _tag: "Checked" }>

const lookAtOwnership = (domain: DomainName, { verificationToken }: CustomDomain) =>
  Effect.gen(function* () {
    const dns = yield* DnsResolver
    const name = ownershipName(domain)
    const answers = yield* Effect.all(
      { resolvers: dns.txt(name), authoritative: dns.authoritativeTxt(name) },
      { concurrency: "unbounded" }
    )
    return judgeOwnership(domain, verificationToken, answers)
  })

const lookAtTarget = (domain: DomainName, { targetCname }: CustomDomain) =>
  Effect.gen(function* () {
    const dns = yield* DnsResolver
    const cname = yield* dns.cname(domain)
    const evidence = {
      addresses: dns.addresses(domain),
      targetAddresses: dns.addresses(targetCname),
      ends: dns.canonicalName(domain),
      targetEnds: dns.canonicalName(targetCname)
    }
    const answers = needsEvidence(cname, targetCname)
      ? yield* Effect.all(evidence, { concurrency: "unbounded" })
      : { addresses: [], targetAddresses: [] }
    return judgeTarget(domain, targetCname, { cname, ...answers })
  })

/** Reads the domain's row and, unless it is verified, asks DNS about it. At most 20 s: two rounds of questions. */
export const lookAtDomain = (domain: DomainName): Effect.Effect<Look, DbFailure, DomainStore | DnsResolver> =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const row = yield* domains.find(domain)
    if (row === null) return { _tag: "Missing" }
    if (row.status === "verified") return { _tag: "Verified", domainId: row.id, at: yield* Clock.currentTimeMillis }
    const [ownership, target] = yield* Effect.all([lookAtOwnership(domain, row), lookAtTarget(domain, row)], {
      concurrency: "unbounded"
    })
    return { _tag: "Checked", domainId: row.id, at: yield* Clock.currentTimeMillis, ownership, target }
  })
