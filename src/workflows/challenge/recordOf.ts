import { Either } from "effect"
import type { ChallengeRules } from "../../services/CertificateSettings.ts"
import { infrastructureWorkspace } from "../../services/CertificateStore.ts"
import { ChallengeRecord, delegatedLabelLength } from "../../services/ChallengeRecord.ts"
import { fingerprint } from "../identifiers.ts"

/** A domain as far as it decides where its challenge is answered. */
export interface ChallengedDomain {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
}

/** Why no record may be written for a domain, as half a sentence. `who` can change it. */
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
 * The record of a domain's id below the delegation domain: another row of the same domain has another record, so a delegation
 * that a former owner left behind proves nothing for them.
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

/** The one record that may be written for a domain. The row's workspace decides whether it is the platform's, never its name. */
export const recordOf = (domain: ChallengedDomain, rules: ChallengeRules): Either.Either<ChallengeRecord, NoRecord> =>
  isOfPlatform(domain)
    ? Either.fromNullable(ChallengeRecord.ofPlatform(domain.name, rules.platformApexes), () => ({
        _tag: "NotOurs",
        reason: `${domain.name} is not below ${rules.platformApexes.join(" or ")}`
      }))
    : delegatedRecord(domain.id, rules)
