import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Option, Record, Schema } from "effect"
import { DomainRecord, DomainRecords } from "../../operations/domain/DomainRecords.ts"
import { databaseUnavailable } from "./databaseUnavailable.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const { certificateStoredAt, challengeExpiresAt, createdAt, lastCheckedAt } = DomainRecord.fields

const record = decodeFirst(
  Schema.Struct({
    ...DomainRecord.fields,
    ...Record.map({ certificateStoredAt, challengeExpiresAt, lastCheckedAt }, (field) => Schema.typeSchema(field)),
    createdAt: Schema.typeSchema(createdAt)
  })
)

const findDomain = (sql: SqlClient, spellings: ReadonlyArray<string>) =>
  record(sql`
    SELECT d.id, d.domain, d.workspace_id, d.project_id, d.environment_id, d.verification_status, d.ownership_verified,
           d.cname_verified, d.target_cname, d.check_attempts, d.last_checked_at, d.verification_error, d.created_at,
           c.status AS challenge_status, c.expires_at AS challenge_expires_at, x.id AS certificate_id,
           COALESCE(x.updated_at, x.created_at) AS certificate_stored_at, r.deployment_id AS route_deployment_id
    FROM custom_domains d
    LEFT JOIN acme_challenges c ON c.domain_id = d.id
    LEFT JOIN certificates x ON x.hostname = TRIM(TRAILING '.' FROM d.domain) AND x.workspace_id = d.workspace_id
    LEFT JOIN frontline_routes r ON r.fully_qualified_domain_name = TRIM(TRAILING '.' FROM d.domain)
    WHERE d.domain IN ${sql.in(spellings)}
    ORDER BY d.verification_status = 'verified' DESC, d.created_at LIMIT 1`)

export const DomainRecordsLive: Layer.Layer<DomainRecords, never, MysqlPools> = Layer.effect(
  DomainRecords,
  Effect.map(MysqlPools, ({ primary }) => {
    const { query } = storeMethods("DomainRecords", primary)
    const find = query("find", (spellings: ReadonlyArray<string>) =>
      Effect.map(findDomain(primary.sql, spellings), Option.fromNullable)
    )
    return DomainRecords.of({ find: (spellings) => Effect.mapError(find(spellings), databaseUnavailable) })
  })
)
