import {
  isPlatform,
  type LockedDomain,
  nameOf,
  type PlanDomain,
  type TransactDomain
} from "../customDomain/LockedDomain.ts"
import type { DomainProofStore } from "./DomainProofStore.ts"

type Methods = DomainProofStore["Type"]
type Change<Name extends "warn" | "clearWarning" | "withdraw"> = Parameters<Methods[Name]>[0]

const planWarning =
  ({ problem }: Change<"warn">): PlanDomain =>
  ({ verificationStatus }) =>
    verificationStatus === "verified" ? { set: { verificationError: problem } } : null

const planCleared =
  ({ problem }: Change<"clearWarning">): PlanDomain =>
  ({ verificationError }) =>
    verificationError === problem ? { set: { verificationError: null } } : null

/** Null for a domain that is not verified: its last check failed. */
export const verifiedAtOf = ({
  lastCheckedAt,
  verificationStatus
}: Pick<LockedDomain, "lastCheckedAt" | "verificationStatus">): number | null =>
  verificationStatus === "verified" ? lastCheckedAt : null

const planWithdrawal =
  ({ problem, since }: Change<"withdraw">): PlanDomain =>
  (domain) => {
    const name = nameOf(domain)
    if (isPlatform(domain) || name === null || (verifiedAtOf(domain) ?? since) > since) return null
    return {
      set: { verificationStatus: "failed", verificationError: problem, ownershipVerified: false },
      challenge: { set: { status: "failed" }, insert: null },
      unroute: name
    }
  }

/** The methods of `DomainProofStore` that change the row with an id. */
export const proofChanges = (transact: TransactDomain<keyof Methods>) =>
  ({
    warn: (warning) => transact("warn", warning, planWarning(warning)),
    clearWarning: (warning) => transact("clearWarning", warning, planCleared(warning)),
    withdraw: (withdrawal) => transact("withdraw", withdrawal, planWithdrawal(withdrawal))
  }) satisfies Partial<Methods>
