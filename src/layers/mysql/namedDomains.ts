import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import type { DomainName } from "../../names/DomainName.ts"
import { lookupSpellings, rowsOf, type StoredDomain } from "../../names/storedDomains.ts"
import { infrastructureWorkspace } from "../../services/certificate/CertificateStore.ts"
import { VerificationStatus } from "../../services/customDomain/DomainStore.ts"
import { decodeRows } from "./rows.ts"

/** The columns of `custom_domains` that determine the owner of a name. */
const DomainRow = Schema.Struct({
  ordinal: Schema.Number,
  id: Schema.String,
  stored: Schema.String,
  workspaceId: Schema.String,
  status: VerificationStatus
})
const rows = decodeRows(DomainRow)

export type NamedDomain = typeof DomainRow.Type & StoredDomain

// `stored` is a reserved word in MySQL.
const columns = (sql: SqlClient) =>
  sql.literal("pk AS ordinal, id, domain AS `stored`, workspace_id, verification_status AS status")

const named = (row: typeof DomainRow.Type): NamedDomain => ({
  ...row,
  isPlatform: row.workspaceId === infrastructureWorkspace,
  isVerified: row.status === "verified"
})

const lockOf = (sql: SqlClient, isLocking: boolean) => sql.literal(isLocking ? "FOR UPDATE" : "")

/** The rows of a name in any spelling, its owner first. `isLocking` locks them for a write. */
export const namedDomains = (sql: SqlClient, name: DomainName, isLocking: boolean) =>
  Effect.map(
    rows(sql`
      SELECT ${columns(sql)} FROM custom_domains
      WHERE ${sql.in("domain", lookupSpellings(name))} ORDER BY pk ${lockOf(sql, isLocking)}`),
    (found) => rowsOf(name, found.map(named))
  )

/** Locks the row with exactly this text. */
export const storedAs = (sql: SqlClient, stored: string) =>
  Effect.map(
    rows(sql`SELECT ${columns(sql)} FROM custom_domains WHERE domain = ${stored} FOR UPDATE`),
    (found) => found.map(named).find((row) => row.stored === stored) ?? null
  )
