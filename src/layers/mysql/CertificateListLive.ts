import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import { type CertificateFilter, CertificateList, ListedCertificate } from "../../operations/lists/CertificateList.ts"
import type { PageRequest } from "../../operations/lists/Page.ts"
import { databaseUnavailable } from "./databaseUnavailable.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { newestFirst } from "./newestFirst.ts"
import { decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const { domain: _, expiresAt, storedAt, ...others } = ListedCertificate.fields

const listed = decodeRows(
  Schema.Struct({
    ...others,
    domain: Schema.NullOr(Schema.String),
    domainId: Schema.String,
    expiresAt: Schema.typeSchema(expiresAt),
    storedAt: Schema.typeSchema(storedAt),
    pk: Schema.Number
  })
)

/** A challenge whose domain is gone has its id as its name. */
const readPage = (sql: SqlClient, { status }: CertificateFilter, request: PageRequest) => {
  const { keys, page } = newestFirst(sql, request)
  const newest = keys(sql.literal("acme_challenges"), status === undefined ? [] : [sql`status = ${status}`])
  const rows = listed(sql`
    SELECT c.pk, d.domain, c.domain_id, c.workspace_id, c.status AS challenge_status,
           c.expires_at, x.id AS certificate_id, COALESCE(x.updated_at, x.created_at) AS stored_at
    FROM ${newest} k
    JOIN acme_challenges c ON c.pk = k.pk
    LEFT JOIN custom_domains d ON d.id = c.domain_id
    LEFT JOIN certificates x ON x.hostname = TRIM(TRAILING '.' FROM d.domain) AND x.workspace_id = d.workspace_id
    ORDER BY c.pk DESC`)
  return Effect.map(rows, (found) =>
    page(found, ({ domain, domainId, pk: _, ...item }) => ({ ...item, domain: domain ?? domainId }))
  )
}

/** Challenges by the primary key, or by the index on their status. */
export const CertificateListLive: Layer.Layer<CertificateList, never, MysqlPools> = Layer.effect(
  CertificateList,
  Effect.map(MysqlPools, ({ primary }) => {
    const { query } = storeMethods("CertificateList", primary)
    const page = query("page", (filter: CertificateFilter, request: PageRequest) =>
      readPage(primary.sql, filter, request)
    )
    return CertificateList.of({
      page: (filter, request) => Effect.mapError(page(filter, request), databaseUnavailable)
    })
  })
)
