import { type DomainName, isWildcard } from "../../names/DomainName.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import {
  type DomainPlan,
  type LockedDomain,
  type NewChallenge,
  nameOf,
  type TransactDomain
} from "../customDomain/LockedDomain.ts"
import type { CertificateStore, NewCertificate, SaveOutcome } from "./CertificateStore.ts"

type Methods = CertificateStore["Type"]

/** The first challenge of a domain; HTTP-01 cannot validate a wildcard. */
export const newChallenge = (
  { id, workspaceId }: Pick<LockedDomain, "id" | "workspaceId">,
  name: DomainName,
  at: number
): NewChallenge => ({
  domainId: id,
  workspaceId,
  token: "",
  challengeType: isWildcard(name) ? "DNS-01" : "HTTP-01",
  authorization: "",
  status: "waiting",
  expiresAt: 0,
  createdAt: at
})

type ChallengeColumns = NonNullable<DomainPlan["challenge"]>["set"]

/** Updates the domain's challenge, or inserts it. Null if the row has no valid name. */
const planChallenge = (domain: LockedDomain, columns: ChallengeColumns, at: number): DomainPlan | null => {
  const name = nameOf(domain)
  if (name === null) return null
  const set = { ...columns, workspaceId: domain.workspaceId }
  return { challenge: { set, insert: { ...newChallenge(domain, name, at), ...set } } }
}

/** The error text of a verified domain; of other domains that text explains the failed verification. */
const planReason = ({ verificationError, verificationStatus }: LockedDomain, reason: string | null): DomainPlan =>
  verificationStatus !== "verified" || verificationError === reason ? {} : { set: { verificationError: reason } }

/** As wide as the column. */
const maxReason = 512

const planOutcome = (
  domain: LockedDomain,
  columns: ChallengeColumns,
  reason: string | null,
  at: number
): DomainPlan | null => {
  const challenge = planChallenge(domain, columns, at)
  return challenge && { ...challenge, ...planReason(domain, reason) }
}

/** What one transaction writes for a certificate. */
export interface SavePlan {
  /** Columns of the existing row, or of a new one. Null: no change. */
  readonly set: {
    readonly workspaceId: string
    readonly certificate: string
    readonly encryptedPrivateKey: string
  } | null
  readonly domain: DomainPlan | null
  readonly answer: SaveOutcome
}

const unchanged = (answer: SaveOutcome): SavePlan => ({ set: null, domain: null, answer })

export const planSave = (
  domain: LockedDomain | null,
  current: { readonly id: string; readonly chain: string } | null,
  { at, chain, encryptedKey, expiresAt, id }: NewCertificate,
  accepts: (current: string | null) => boolean
): SavePlan => {
  if (domain === null || nameOf(domain) === null) return unchanged({ _tag: "Gone" })
  if (current?.chain === chain) return unchanged({ _tag: "Saved", id: current.id })
  if (!accepts(current?.chain ?? null)) return unchanged({ _tag: "Changed" })
  return {
    set: { workspaceId: domain.workspaceId, certificate: chain, encryptedPrivateKey: encryptedKey },
    domain: planOutcome(domain, { status: "verified", expiresAt }, null, at),
    answer: { _tag: "Saved", id: current?.id ?? id }
  }
}

/** The methods of `CertificateStore` that change the row with an id. */
export const certificateChanges = (transact: TransactDomain<keyof Methods>) =>
  ({
    writeChallenge: ({ authorization, token, ...key }) =>
      transact("writeChallenge", key, (domain) =>
        planChallenge(domain, { status: "pending", token, authorization }, key.at)
      ),
    markFailed: ({ reason, ...key }) =>
      transact("markFailed", key, (domain) =>
        planOutcome(domain, { status: "failed" }, firstCodePoints(reason, maxReason), key.at)
      ),
    markVerified: ({ expiresAt, ...key }) =>
      transact("markVerified", key, (domain) => planOutcome(domain, { status: "verified", expiresAt }, null, key.at))
  }) satisfies Partial<Methods>
