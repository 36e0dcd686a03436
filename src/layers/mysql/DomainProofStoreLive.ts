import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Either, Layer, Schema } from "effect"
import { type DomainName, domainName } from "../../names/DomainName.ts"
import { infrastructureWorkspace } from "../../services/certificate/CertificateStore.ts"
import { LockedDomain } from "../../services/customDomain/LockedDomain.ts"
import { DomainProofStore, type NamePage, ServedDomain } from "../../services/domainProof/DomainProofStore.ts"
import { proofChanges, verifiedAtOf } from "../../services/domainProof/proofChanges.ts"
import { transactDomain } from "./changeDomain.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { namedDomains } from "./namedDomains.ts"
import { decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const storedRows = decodeRows(Schema.Struct({ ordinal: Schema.Number, stored: Schema.String }))
const servedDomain = decodeFirst(
  Schema.Struct({
    ...ServedDomain.omit("verifiedAt").fields,
    ...LockedDomain.pick("verificationStatus", "lastCheckedAt").fields
  })
)

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
  const row = yield* servedDomain(sql`
    SELECT id, verification_token, verification_status, last_checked_at FROM custom_domains
    WHERE id = ${owner.id} AND (verification_status = 'verified' OR EXISTS (
      SELECT 1 FROM frontline_routes r
      WHERE r.fully_qualified_domain_name = ${name} AND r.project_id = custom_domains.project_id))`)
  return row && { id: row.id, verificationToken: row.verificationToken, verifiedAt: verifiedAtOf(row) }
})

export const DomainProofStoreLive: Layer.Layer<DomainProofStore, never, MysqlPools> = Layer.effect(
  DomainProofStore,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const methods = storeMethods("DomainProofStore", primary)
    const { query } = methods
    return DomainProofStore.of({
      page: query("page", (after: number, limit: number) => namePage(sql, after, limit)),
      find: query("find", (name: DomainName) => findServed(sql, name)),
      ...proofChanges(transactDomain(sql, methods))
    })
  })
)
