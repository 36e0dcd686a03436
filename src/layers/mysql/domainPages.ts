import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import { type DomainPage, ListedDomain } from "../../services/certificate/CertificateStore.ts"
import { ambiguousNames, listDomains } from "../../services/customDomain/listDomains.ts"
import { namedDomains } from "./namedDomains.ts"
import { decodeRows } from "./rows.ts"

const pageRows = decodeRows(
  Schema.Struct({
    ...ListedDomain.pick("id", "workspaceId", "status", "changedAt").fields,
    ordinal: Schema.Number,
    stored: Schema.String
  })
)

/** One page of the domains that are verified or have a challenge, with the rows that may share a name with one of them. */
export const domainPage = Effect.fnUntraced(function* (sql: SqlClient, after: number, limit: number) {
  const page = yield* pageRows(sql`
    SELECT d.pk AS ordinal, d.id, d.domain AS ${sql("stored")}, d.workspace_id, c.status,
      COALESCE(c.updated_at, c.created_at) AS changed_at
    FROM custom_domains d LEFT JOIN acme_challenges c ON c.domain_id = d.id
    WHERE d.pk > ${after} AND (c.domain_id IS NOT NULL OR d.verification_status = 'verified')
    ORDER BY d.pk LIMIT ${limit}`)
  const rows = page.map(({ ordinal: _, ...row }) => row)
  const found = yield* Effect.forEach(ambiguousNames(rows), (name) => namedDomains(sql, name, false))
  const next = page.length < limit ? null : (page.at(-1)?.ordinal ?? null)
  return { rows: listDomains(rows, found.flat()), next } satisfies DomainPage
})
