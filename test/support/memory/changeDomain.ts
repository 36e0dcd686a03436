import type { Ref } from "effect"
import { planRefusal } from "../../../src/services/customDomain/domainChanges.ts"
import {
  type DomainKey,
  type DomainPlan,
  LockedDomain,
  type PlanDomain,
  type TransactDomain
} from "../../../src/services/customDomain/LockedDomain.ts"
import { columnsOf, type Draft, rowAs, transaction, updateWhere } from "./MemoryTables.ts"
import type { Rows } from "./Tables.ts"

const lockedDomain = rowAs(LockedDomain)

export const lockDomain = (rows: Pick<Rows, "custom_domains">, domainId: string): LockedDomain | null =>
  lockedDomain(rows.custom_domains.find(({ id }) => id === domainId))

const writeChallenge = (
  draft: Draft,
  { at: updatedAt, domainId }: DomainKey,
  { insert, set }: NonNullable<DomainPlan["challenge"]>
) => {
  const isItsChallenge = (row: Rows["acme_challenges"][number]) => row.domain_id === domainId
  if (insert !== null && !draft.acme_challenges.some(isItsChallenge))
    draft.acme_challenges.push({ ...columnsOf(insert), updated_at: null })
  else updateWhere(draft.acme_challenges, isItsChallenge, columnsOf({ ...set, updatedAt }))
}

export const writeDomain = (
  draft: Draft,
  key: DomainKey,
  { projectId }: LockedDomain,
  { challenge, set, unroute }: DomainPlan
) => {
  const stays = (route: Rows["frontline_routes"][number]) =>
    route.fully_qualified_domain_name !== unroute || route.project_id !== projectId
  draft.frontline_routes.splice(0, draft.frontline_routes.length, ...draft.frontline_routes.filter(stays))
  if (challenge !== undefined) writeChallenge(draft, key, challenge)
  if (set !== undefined)
    updateWhere(draft.custom_domains, ({ id }) => id === key.domainId, columnsOf({ ...set, updatedAt: key.at }))
}

export const changeDomain = (draft: Draft, key: DomainKey, decide: PlanDomain): boolean => {
  const domain = lockDomain(draft, key.domainId)
  const plan = domain && decide(domain)
  if (domain !== null && plan !== null) writeDomain(draft, key, domain, plan)
  return plan !== null
}

export const transactDomain =
  (store: string, tables: Ref.Ref<Rows>): TransactDomain<string> =>
  (method, key, plan) =>
    transaction(tables)(`${store}.${method}`, (draft) => changeDomain(draft, key, plan))

export const refuseDomain = (draft: Draft, domainId: string, problem: string, at: number) =>
  changeDomain(draft, { domainId, at }, planRefusal(problem))
