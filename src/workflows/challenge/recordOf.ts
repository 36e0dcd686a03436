import { Either } from "effect"
import type { ChallengeRules } from "../../services/certificate/CertificateSettings.ts"
import { infrastructureWorkspace } from "../../services/certificate/CertificateStore.ts"
import { ChallengeRecord, delegatedLabelLength } from "../../services/dns/ChallengeRecord.ts"
import { fingerprint } from "../identifiers.ts"

/** The fields of a domain that decide where its challenge record is. */
export interface ChallengedDomain {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
}

/** Why no record may be written for a domain, as a clause. */
export interface NoRecord {
  readonly _tag: "NoDelegationDomain" | "NotOurs"
  readonly reason: string
}

export const isOfPlatform = ({ workspaceId }: Pick<ChallengedDomain, "workspaceId">): boolean =>
  workspaceId === infrastructureWorkspace

const noDelegationDomain: NoRecord = {
  _tag: "NoDelegationDomain",
  reason: "wildcard domains are not offered here, because acme.delegation_domain is not configured"
}

/**
 * The record of a domain's row below the delegation domain. Another row of the same domain has another record, so a
 * former owner's delegation proves nothing.
 */
export const delegatedRecord = (
  domainId: string,
  { delegationDomain }: ChallengeRules
): Either.Either<ChallengeRecord, NoRecord> =>
  Either.fromNullable(
    delegationDomain === null
      ? null
      : ChallengeRecord.delegated(fingerprint(["acme delegation", domainId], delegatedLabelLength), delegationDomain),
    () => noDelegationDomain
  )

/**
 * The only record that may be written for a domain. The row's workspace, never its name, decides whether the domain is
 * the platform's.
 */
export const recordOf = (domain: ChallengedDomain, rules: ChallengeRules): Either.Either<ChallengeRecord, NoRecord> =>
  isOfPlatform(domain)
    ? Either.fromNullable(ChallengeRecord.ofPlatform(domain.name, rules.platformApexes), () => ({
        _tag: "NotOurs",
        reason: `${domain.name} is not below ${rules.platformApexes.join(" or ")}`
      }))
    : delegatedRecord(domain.id, rules)
