import { Clock, Effect, Either, Schema } from "effect"
import { ownershipName } from "../../names/DnsName.ts"
import { type DomainName, isWildcard } from "../../names/DomainName.ts"
import { CertificateSettings } from "../../services/CertificateSettings.ts"
import { type ChallengeRecord, challengeName } from "../../services/ChallengeRecord.ts"
import type { DbFailure } from "../../services/Db.ts"
import { DnsResolver } from "../../services/DnsResolver.ts"
import { type CustomDomain, DomainStore } from "../../services/DomainStore.ts"
import { judgeDelegation } from "../challenge/delegation.ts"
import { delegatedRecord } from "../challenge/recordOf.ts"
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
    target: Schema.NullOr(Schema.String),
    /** Of a wildcard, which has a certificate only when its challenge is delegated. Absent for other names. */
    delegation: Schema.optionalWith(Schema.NullOr(Schema.String), { exact: true })
  }),
  /** A name that cannot be verified here, whatever DNS says. */
  Schema.TaggedStruct("Refused", { domainId: Schema.String, at: Schema.Number, problem: Schema.String })
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

const lookAtDelegation = (domain: string, { name: target }: ChallengeRecord) =>
  Effect.gen(function* () {
    const name = challengeName(domain)
    const delegation = judgeDelegation(name, target, yield* (yield* DnsResolver).canonicalName(name))
    return delegation._tag === "Delegated" ? null : delegation.finding
  })

const lookAtWildcard = (domain: string, row: CustomDomain) =>
  Effect.gen(function* () {
    const record = delegatedRecord(row.id, yield* CertificateSettings)
    if (Either.isLeft(record)) return Either.left(record.left.reason)
    return Either.right({ delegation: yield* lookAtDelegation(domain, record.right) })
  })

/** Reads the domain's row and, unless it is verified, asks DNS about it. At most 30 s: three rounds of questions. */
export const lookAtDomain = (
  domain: DomainName
): Effect.Effect<Look, DbFailure, CertificateSettings | DomainStore | DnsResolver> =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const row = yield* domains.find(domain)
    if (row === null) return { _tag: "Missing" }
    if (row.status === "verified") return { _tag: "Verified", domainId: row.id, at: yield* Clock.currentTimeMillis }
    const wildcard = isWildcard(domain) ? yield* lookAtWildcard(domain, row) : Either.right({})
    if (Either.isLeft(wildcard))
      return { _tag: "Refused", domainId: row.id, at: yield* Clock.currentTimeMillis, problem: wildcard.left }
    const [ownership, target] = yield* Effect.all([lookAtOwnership(domain, row), lookAtTarget(domain, row)], {
      concurrency: "unbounded"
    })
    const at = yield* Clock.currentTimeMillis
    return { _tag: "Checked", domainId: row.id, at, ownership, target, ...wildcard.right }
  })
