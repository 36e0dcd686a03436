import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Either, Layer, Schema } from "effect"
import { type DomainName, domainName } from "../../names/DomainName.ts"
import { infrastructureWorkspace } from "../../services/certificate/CertificateStore.ts"
import { DomainProofStore, type NamePage, ServedDomain } from "../../services/domainProof/DomainProofStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { namedDomains } from "./namedDomains.ts"
import { decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const storedRows = decodeRows(Schema.Struct({ ordinal: Schema.Number, stored: Schema.String }))
const servedDomain = decodeFirst(ServedDomain)
const ownerRow = decodeFirst(
  Schema.Struct({ ...ServedDomain.pick("verifiedAt").fields, stored: Schema.String, projectId: Schema.String })
)

type Warning = Parameters<DomainProofStore["Type"]["warn"]>[0]
type Withdrawal = Parameters<DomainProofStore["Type"]["withdraw"]>[0]

/** Unknown for a domain that is not verified: its last check failed. */
const verifiedAt = (sql: SqlClient) =>
  sql.literal("CASE WHEN verification_status = 'verified' THEN last_checked_at END AS verified_at")

/** Walks the primary key and skips only the platform's few rows, so the cost of a page is bounded. */
const namePage = Effect.fnUntraced(function* (sql: SqlClient, after: number, limit: number) {
  const rows = yield* storedRows(sql`
    SELECT pk AS ordinal, domain AS ${sql("stored")} FROM custom_domains
    WHERE pk > ${after} AND workspace_id <> ${infrastructureWorkspace} ORDER BY pk LIMIT ${limit}`)
  const names = Arr.dedupe(Arr.filterMap(rows, ({ stored }) => Either.getRight(domainName(stored))))
  return { names, next: rows.length < limit ? null : (rows.at(-1)?.ordinal ?? null) } satisfies NamePage
})

const findServed = Effect.fnUntraced(function* (sql: SqlClient, name: DomainName) {
  const [owner] = yield* namedDomains(sql, name, false)
  if (owner === undefined || owner.isPlatform) return null
  return yield* servedDomain(sql`
    SELECT id, verification_token, ${verifiedAt(sql)} FROM custom_domains
    WHERE id = ${owner.id} AND (verification_status = 'verified' OR EXISTS (
      SELECT 1 FROM frontline_routes r
      WHERE r.fully_qualified_domain_name = ${name} AND r.project_id = custom_domains.project_id))`)
})

/** Same lock order as activation: the domain's row, then its route. */
const withdraw = Effect.fnUntraced(function* (sql: SqlClient, { at, domainId, problem, since }: Withdrawal) {
  const owner = yield* ownerRow(sql`
    SELECT domain AS ${sql("stored")}, project_id, ${verifiedAt(sql)} FROM custom_domains
    WHERE id = ${domainId} AND workspace_id <> ${infrastructureWorkspace} FOR UPDATE`)
  const name = owner === null ? null : Either.getOrNull(domainName(owner.stored))
  if (owner === null || name === null || (owner.verifiedAt ?? since) > since) return false
  yield* sql`
    DELETE FROM frontline_routes WHERE fully_qualified_domain_name = ${name} AND project_id = ${owner.projectId}`
  yield* sql`UPDATE acme_challenges SET status = 'failed', updated_at = ${at} WHERE domain_id = ${domainId}`
  yield* sql`
    UPDATE custom_domains
    SET verification_status = 'failed', verification_error = ${problem}, ownership_verified = 0, updated_at = ${at}
    WHERE id = ${domainId}`
  return true
})

export const DomainProofStoreLive: Layer.Layer<DomainProofStore, never, MysqlPools> = Layer.effect(
  DomainProofStore,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { command, query, transaction } = storeMethods("DomainProofStore", primary)
    return DomainProofStore.of({
      page: query("page", (after: number, limit: number) => namePage(sql, after, limit)),
      find: query("find", (name: DomainName) => findServed(sql, name)),
      warn: command(
        "warn",
        ({ at, domainId, problem }: Warning) => sql`
          UPDATE custom_domains SET verification_error = ${problem}, updated_at = ${at}
          WHERE id = ${domainId} AND verification_status = 'verified'`
      ),
      clearWarning: command(
        "clearWarning",
        ({ at, domainId, problem }: Warning) => sql`
          UPDATE custom_domains SET verification_error = NULL, updated_at = ${at}
          WHERE id = ${domainId} AND verification_error = ${problem}`
      ),
      withdraw: transaction("withdraw", (withdrawal: Withdrawal) => withdraw(sql, withdrawal))
    })
  })
)
