import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Predicate, Record } from "effect"
import { planRefusal } from "../../services/customDomain/domainChanges.ts"
import {
  type DomainKey,
  type DomainPlan,
  LockedDomain,
  type PlanDomain,
  type TransactDomain
} from "../../services/customDomain/LockedDomain.ts"
import { decodeFirst } from "./rows.ts"
import type { storeMethods } from "./storeMethods.ts"

const lockedDomain = decodeFirst(LockedDomain)

/** Every writer of a domain's rows locks its row first, then its route. */
export const lockDomain = (sql: SqlClient, domainId: string) =>
  lockedDomain(sql`
    SELECT id, workspace_id, project_id, domain, verification_status, verification_error, check_attempts, last_checked_at
    FROM custom_domains WHERE id = ${domainId} FOR UPDATE`)

const writeChallenge = (
  sql: SqlClient,
  { domainId, at: updatedAt }: DomainKey,
  { insert, set }: NonNullable<DomainPlan["challenge"]>
) => {
  const columns = sql.update({ ...set, updatedAt })
  return insert === null
    ? sql`UPDATE acme_challenges SET ${columns} WHERE domain_id = ${domainId}`
    : sql`INSERT INTO acme_challenges ${sql.insert({ ...insert })} ON DUPLICATE KEY UPDATE ${columns}`
}

/** The driver binds no booleans. */
const bound = (columns: object) =>
  Record.map({ ...columns }, (value: unknown) => (Predicate.isBoolean(value) ? Number(value) : value))

export const writeDomain = Effect.fnUntraced(function* (
  sql: SqlClient,
  key: DomainKey,
  { projectId }: LockedDomain,
  { challenge, set, unroute }: DomainPlan
) {
  if (unroute !== undefined)
    yield* sql`
      DELETE FROM frontline_routes WHERE fully_qualified_domain_name = ${unroute} AND project_id = ${projectId}`
  if (challenge !== undefined) yield* writeChallenge(sql, key, challenge)
  if (set !== undefined)
    yield* sql`
      UPDATE custom_domains SET ${sql.update(bound({ ...set, updatedAt: key.at }))} WHERE id = ${key.domainId}`
})

export const changeDomain = Effect.fnUntraced(function* (sql: SqlClient, key: DomainKey, decide: PlanDomain) {
  const domain = yield* lockDomain(sql, key.domainId)
  const plan = domain && decide(domain)
  if (domain !== null && plan !== null) yield* writeDomain(sql, key, domain, plan)
  return plan !== null
})

export const transactDomain =
  (sql: SqlClient, { transaction }: Pick<ReturnType<typeof storeMethods>, "transaction">): TransactDomain<string> =>
  (method, key, plan) =>
    transaction(method, () => changeDomain(sql, key, plan))()

export const refuseDomain = (sql: SqlClient, domainId: string, problem: string, at: number) =>
  changeDomain(sql, { domainId, at }, planRefusal(problem))
