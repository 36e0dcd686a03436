import { Clock, Effect, Either, Schema } from "effect"
import { ownershipName } from "../../names/DnsName.ts"
import { type DomainName, isWildcard } from "../../names/DomainName.ts"
import { CertificateSettings } from "../../services/certificate/CertificateSettings.ts"
import { type CustomDomain, DomainStore } from "../../services/customDomain/DomainStore.ts"
import type { DbFailure } from "../../services/Db.ts"
import { type ChallengeRecord, challengeName } from "../../services/dns/ChallengeRecord.ts"
import { DnsResolver } from "../../services/dns/DnsResolver.ts"
import { delegationOf } from "../challenge/delegation.ts"
import { delegatedRecord } from "../challenge/recordOf.ts"
import { judgeOwnership } from "./ownership.ts"
import { judgeTarget, needsEvidence } from "./target.ts"

/**
 * The journaled result of a check, on which later code acts without another query. A finding is what is wrong, null
 * when nothing is. Has no token and no records.
 */
export const DomainObservation = Schema.Union(
  Schema.TaggedStruct("Missing", {}),
  Schema.TaggedStruct("Verified", { domainId: Schema.String, at: Schema.Number }),
  Schema.TaggedStruct("Checked", {
    domainId: Schema.String,
    /** Unix milliseconds. */
    at: Schema.Number,
    ownership: Schema.NullOr(Schema.String),
    target: Schema.NullOr(Schema.String),
    /** For wildcards, which need a delegated challenge for their certificate. Absent for other names. */
    delegation: Schema.optionalWith(Schema.NullOr(Schema.String), { exact: true })
  }),
  /** The name cannot be verified here, whatever DNS answers. */
  Schema.TaggedStruct("Refused", { domainId: Schema.String, at: Schema.Number, problem: Schema.String })
)
export type DomainObservation = typeof DomainObservation.Type
export type Checked = Extract<DomainObservation, { readonly _tag: "Checked" }>

const checkOwnership = (domain: DomainName, { verificationToken }: CustomDomain) =>
  Effect.gen(function* () {
    const dns = yield* DnsResolver
    const name = ownershipName(domain)
    const answers = yield* Effect.all(
      { resolvers: dns.txt(name), authoritative: dns.authoritativeTxt(name) },
      { concurrency: "unbounded" }
    )
    return judgeOwnership(domain, verificationToken, answers)
  })

const checkTarget = (domain: DomainName, { targetCname }: CustomDomain) =>
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

const checkDelegation = (domain: string, { name: target }: ChallengeRecord) =>
  Effect.gen(function* () {
    const name = challengeName(domain)
    const delegation = delegationOf(name, target, yield* (yield* DnsResolver).canonicalName(name))
    return delegation._tag === "Delegated" ? null : delegation.finding
  })

const checkWildcard = (domain: string, row: CustomDomain) =>
  Effect.gen(function* () {
    const record = delegatedRecord(row.id, yield* CertificateSettings)
    if (Either.isLeft(record)) return Either.left(record.left.reason)
    return Either.right({ delegation: yield* checkDelegation(domain, record.right) })
  })

/** Reads the domain's row and, unless it is verified, queries DNS. At most 30 s: three rounds of queries. */
export const observeDomain = (
  domain: DomainName
): Effect.Effect<DomainObservation, DbFailure, CertificateSettings | DomainStore | DnsResolver> =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const row = yield* domains.find(domain)
    if (row === null) return { _tag: "Missing" }
    if (row.status === "verified") return { _tag: "Verified", domainId: row.id, at: yield* Clock.currentTimeMillis }
    const wildcard = isWildcard(domain) ? yield* checkWildcard(domain, row) : Either.right({})
    if (Either.isLeft(wildcard))
      return { _tag: "Refused", domainId: row.id, at: yield* Clock.currentTimeMillis, problem: wildcard.left }
    const [ownership, target] = yield* Effect.all([checkOwnership(domain, row), checkTarget(domain, row)], {
      concurrency: "unbounded"
    })
    const at = yield* Clock.currentTimeMillis
    return { _tag: "Checked", domainId: row.id, at, ownership, target, ...wildcard.right }
  })
