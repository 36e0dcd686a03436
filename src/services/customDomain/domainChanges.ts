import type { DomainStore } from "./DomainStore.ts"
import { type DomainKey, isPlatform, type LockedDomain, type PlanDomain, type TransactDomain } from "./LockedDomain.ts"

type Methods = DomainStore["Type"]
type Change<Name extends keyof Methods> = Parameters<Methods[Name]>[0]

export const planBegin =
  (reset: boolean): PlanDomain =>
  ({ verificationStatus }) => {
    const set = { verificationStatus: "verifying", verificationError: null } as const
    if (reset) return { set: { ...set, checkAttempts: 0, lastCheckedAt: null, invocationId: null } }
    return verificationStatus === "verified" ? null : { set }
  }

/** Refuses a tenant's row whose text is no domain name, or whose name belongs to another row. */
export const planRefusal =
  (problem: string): PlanDomain =>
  (domain) =>
    isPlatform(domain) || (domain.verificationStatus === "failed" && domain.verificationError === problem)
      ? null
      : { set: { verificationStatus: "failed", verificationError: problem } }

const counted = ({ checkAttempts }: LockedDomain, at: number) => ({
  checkAttempts: checkAttempts + 1,
  lastCheckedAt: at
})

const planAttempt =
  ({ at, cnameVerified, ownershipVerified, problem, status }: Change<"recordAttempt">): PlanDomain =>
  (domain) => {
    const isLate = domain.lastCheckedAt !== null && domain.lastCheckedAt >= at
    if (domain.verificationStatus === "verified" || isLate) return null
    const result = { verificationStatus: status, verificationError: problem, ownershipVerified, cnameVerified }
    return { set: { ...counted(domain, at), ...result } }
  }

/** Counts the successful attempt with the status, once. */
export const planVerified =
  ({ at }: Pick<DomainKey, "at">): PlanDomain =>
  (domain) => {
    if (domain.verificationStatus === "verified") return null
    const result = { verificationError: null, ownershipVerified: true, cnameVerified: true }
    return { set: { ...counted(domain, at), verificationStatus: "verified", ...result } }
  }

const planEnd =
  ({ problem }: Change<"endVerification">): PlanDomain =>
  ({ verificationStatus }) =>
    verificationStatus === "verifying" ? { set: { verificationStatus: "failed", verificationError: problem } } : null

/** The methods of `DomainStore` that change the row with an id. */
export const domainChanges = (transact: TransactDomain<keyof Methods>) =>
  ({
    recordAttempt: (attempt) => transact("recordAttempt", attempt, planAttempt(attempt)),
    endVerification: (end) => transact("endVerification", end, planEnd(end))
  }) satisfies Partial<Methods>
