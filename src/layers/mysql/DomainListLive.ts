import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Record, Schema } from "effect"
import { type DomainFilter, DomainList, ListedDomain } from "../../operations/lists/DomainList.ts"
import type { PageRequest } from "../../operations/lists/Page.ts"
import { databaseUnavailable } from "./databaseUnavailable.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { newestFirst } from "./newestFirst.ts"
import { decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const { challengeExpiresAt, createdAt, lastCheckedAt } = ListedDomain.fields

const listed = decodeRows(
  Schema.Struct({
    ...ListedDomain.fields,
    ...Record.map({ challengeExpiresAt, lastCheckedAt }, (field) => Schema.typeSchema(field)),
    createdAt: Schema.typeSchema(createdAt),
    pk: Schema.Number
  })
)

const readPage = (sql: SqlClient, { project, status }: DomainFilter, request: PageRequest) => {
  const { keys, page } = newestFirst(sql, request)
  const newest = keys(sql.literal("custom_domains"), [
    ...(status === undefined ? [] : [sql`verification_status = ${status}`]),
    ...(project === undefined ? [] : [sql`project_id = ${project}`])
  ])
  const rows = listed(sql`
    SELECT d.pk, d.id, d.domain, d.workspace_id, d.project_id, d.verification_status, d.ownership_verified,
           d.cname_verified, d.check_attempts, d.last_checked_at, d.verification_error, d.created_at,
           c.status AS challenge_status, c.expires_at AS challenge_expires_at
    FROM ${newest} k
    JOIN custom_domains d ON d.pk = k.pk
    LEFT JOIN acme_challenges c ON c.domain_id = d.id
    ORDER BY d.pk DESC`)
  return Effect.map(rows, (found) => page(found, ({ pk: _, ...item }) => item))
}

/** Domains by the primary key, or by the index on their status or project. */
export const DomainListLive: Layer.Layer<DomainList, never, MysqlPools> = Layer.effect(
  DomainList,
  Effect.map(MysqlPools, ({ primary }) => {
    const { query } = storeMethods("DomainList", primary)
    const page = query("page", (filter: DomainFilter, request: PageRequest) => readPage(primary.sql, filter, request))
    return DomainList.of({ page: (filter, request) => Effect.mapError(page(filter, request), databaseUnavailable) })
  })
)
