import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Either, Layer, Option, Schema } from "effect"
import { type DomainName, domainName, isWildcard } from "../../names/DomainName.ts"
import {
  acmeWorkspace,
  CertificateStore,
  type CertifiedDomain,
  ChallengeStatus,
  type NewCertificate,
  type RemainingLife,
  remainingLifeClasses,
  type SaveOutcome
} from "../../services/certificate/CertificateStore.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import { domainPage } from "./domainPages.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { namedDomains, refuseDomain } from "./namedDomains.ts"
import { ensurePlatformDomain, takenPlatformDomains } from "./platformDomains.ts"
import { replanOnDuplicate } from "./replanOnDuplicate.ts"
import { decodeRows, Integer64 } from "./rows.ts"

const domainRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    workspaceId: Schema.String,
    status: Schema.NullOr(ChallengeStatus),
    expiresAt: Schema.NullOr(Integer64),
    routed: Schema.NullOr(Schema.String),
    hostname: Schema.NullOr(Schema.String),
    certificateId: Schema.NullOr(Schema.String),
    certificateWorkspaceId: Schema.NullOr(Schema.String),
    chain: Schema.NullOr(Schema.String)
  })
)
const ownerRows = decodeRows(Schema.Struct({ id: Schema.String, workspaceId: Schema.String, stored: Schema.String }))
const certificateRows = decodeRows(Schema.Struct({ id: Schema.String, chain: Schema.String }))
const accountRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    encryptedKey: Schema.String,
    registrationUri: Schema.NullOr(Schema.String)
  })
)
const classRows = decodeRows(Schema.Struct({ bucket: Schema.Literal(...remainingLifeClasses), total: Integer64 }))

const dayMillis = 86_400_000

/** Whether the stored text is this name: the database's collation may match other texts. */
const isNamed = (stored: string | null, name: DomainName): boolean =>
  stored !== null && Either.getOrNull(domainName(stored)) === name

const find = Effect.fnUntraced(function* (sql: SqlClient, name: DomainName) {
  const [owner] = yield* namedDomains(sql, name, false)
  if (owner === undefined) return Option.none<CertifiedDomain>()
  const [row] = yield* domainRows(sql`
    SELECT d.id AS id, d.workspace_id AS workspaceId, c.status AS status, c.expires_at AS expiresAt,
      r.fully_qualified_domain_name AS routed, x.id AS certificateId, x.hostname AS hostname,
      x.workspace_id AS certificateWorkspaceId, x.certificate AS chain
    FROM custom_domains d
    LEFT JOIN acme_challenges c ON c.domain_id = d.id
    LEFT JOIN frontline_routes r ON r.fully_qualified_domain_name = ${name}
    LEFT JOIN certificates x ON x.hostname = ${name}
    WHERE d.id = ${owner.id}`)
  if (row === undefined) return Option.none<CertifiedDomain>()
  const { certificateId, certificateWorkspaceId, chain, expiresAt, hostname, id, routed, status, workspaceId } = row
  return Option.some<CertifiedDomain>({
    id,
    workspaceId,
    name,
    challenge: status === null || expiresAt === null ? null : { status, expiresAt },
    hasRoute: isNamed(routed, name),
    certificate:
      certificateId === null || certificateWorkspaceId === null || chain === null || !isNamed(hostname, name)
        ? null
        : { id: certificateId, workspaceId: certificateWorkspaceId, chain }
  })
})

interface Owner {
  readonly id: string
  readonly workspaceId: string
  readonly name: DomainName
}

/** Every writer of a domain's rows locks its row first. None if the row is gone or no longer has a valid name. */
const lockDomain = (sql: SqlClient, domainId: string) =>
  Effect.map(
    ownerRows(sql`
      SELECT id, workspace_id AS workspaceId, domain AS ${sql("stored")} FROM custom_domains WHERE id = ${domainId} FOR UPDATE`),
    ([row]): Owner | undefined => {
      const name = row === undefined ? null : Either.getOrNull(domainName(row.stored))
      return row === undefined || name === null ? undefined : { id: row.id, workspaceId: row.workspaceId, name }
    }
  )

interface ChallengeColumns {
  readonly status: ChallengeStatus
  readonly token?: string
  readonly authorization?: string
  readonly expires_at?: number
}

/** Upserts the domain's challenge; a new row leaves the other columns empty. */
const putChallenge = (sql: SqlClient, owner: Owner, columns: ChallengeColumns, at: number) => {
  const row = {
    domain_id: owner.id,
    workspace_id: owner.workspaceId,
    token: "",
    challenge_type: isWildcard(owner.name) ? "DNS-01" : "HTTP-01",
    authorization: "",
    expires_at: 0,
    created_at: at,
    ...columns
  }
  const set = { ...columns, workspace_id: owner.workspaceId, updated_at: at }
  return sql`INSERT INTO acme_challenges ${sql.insert(row)} ON DUPLICATE KEY UPDATE ${sql.update(set)}`
}

/** Sets the error text of a verified domain; for other domains that text explains the failed verification. */
const setReason = (sql: SqlClient, domainId: string, reason: string | null, at: number) => sql`
  UPDATE custom_domains SET verification_error = ${reason}, updated_at = ${at}
  WHERE id = ${domainId} AND verification_status = 'verified' AND NOT (verification_error <=> ${reason})`

const save = Effect.fnUntraced(function* (
  sql: SqlClient,
  { at, chain, domainId, encryptedKey, expiresAt, id }: NewCertificate,
  accepts: (current: string | null) => boolean
) {
  const owner = yield* lockDomain(sql, domainId)
  if (owner === undefined) return { _tag: "Gone" } satisfies SaveOutcome
  const [current] = yield* certificateRows(
    sql`SELECT id, certificate AS chain FROM certificates WHERE hostname = ${owner.name} FOR UPDATE`
  )
  if (current?.chain === chain) return { _tag: "Saved", id: current.id } satisfies SaveOutcome
  if (!accepts(current?.chain ?? null)) return { _tag: "Changed" } satisfies SaveOutcome
  const set = { workspace_id: owner.workspaceId, certificate: chain, encrypted_private_key: encryptedKey }
  yield* current === undefined
    ? sql`INSERT INTO certificates ${sql.insert({ ...set, id, hostname: owner.name, created_at: at })}`
    : sql`UPDATE certificates SET ${sql.update({ ...set, updated_at: at })} WHERE id = ${current.id}`
  yield* putChallenge(sql, owner, { status: "verified", expires_at: expiresAt }, at)
  yield* setReason(sql, owner.id, null, at)
  return { _tag: "Saved", id: current?.id ?? id } satisfies SaveOutcome
})

const findAccount = (sql: SqlClient) =>
  Effect.map(
    accountRows(sql`
      SELECT id, encrypted_key AS encryptedKey, registration_uri AS registrationUri
      FROM acme_users WHERE workspace_id = ${acmeWorkspace} ORDER BY pk LIMIT 1`),
    ([row]) => row
  )

const countByRemainingLife = (sql: SqlClient, now: number) =>
  classRows(sql`
    SELECT CASE
      WHEN c.expires_at <= ${now} THEN 'expired'
      WHEN c.expires_at <= ${now + dayMillis} THEN '1d'
      WHEN c.expires_at <= ${now + 7 * dayMillis} THEN '7d'
      WHEN c.expires_at <= ${now + 14 * dayMillis} THEN '14d'
      WHEN c.expires_at <= ${now + 30 * dayMillis} THEN '30d'
      ELSE 'more' END AS bucket, COUNT(*) AS total
    FROM acme_challenges c
    JOIN custom_domains d ON d.id = c.domain_id
    JOIN certificates x ON x.hostname = TRIM(TRAILING '.' FROM d.domain) AND x.workspace_id = d.workspace_id
    GROUP BY bucket`)

export const CertificateStoreLive: Layer.Layer<CertificateStore, never, MysqlPools> = Layer.effect(
  CertificateStore,
  Effect.gen(function* () {
    const { query, sql, transaction } = (yield* MysqlPools).primary

    /** Runs a write on a domain's rows; returns whether the domain exists. */
    const withDomain = (
      operation: string,
      domainId: string,
      change: (owner: Owner) => Effect.Effect<unknown, SqlError>
    ) =>
      transaction(
        operation,
        Effect.flatMap(lockDomain(sql, domainId), (owner) =>
          owner === undefined ? Effect.succeed(false) : Effect.as(change(owner), true)
        )
      )

    return CertificateStore.of({
      find: Effect.fn("CertificateStore.find")((name: DomainName) => query("CertificateStore.find", find(sql, name))),
      writeChallenge: Effect.fn("CertificateStore.writeChallenge")(({ at, authorization, domainId, token }) =>
        withDomain("CertificateStore.writeChallenge", domainId, (owner) =>
          putChallenge(sql, owner, { status: "pending", token, authorization }, at)
        )
      ),
      markFailed: Effect.fn("CertificateStore.markFailed")(({ at, domainId, reason }) =>
        withDomain("CertificateStore.markFailed", domainId, (owner) =>
          Effect.zipRight(
            putChallenge(sql, owner, { status: "failed" }, at),
            setReason(sql, owner.id, firstCodePoints(reason, 512), at)
          )
        )
      ),
      markVerified: Effect.fn("CertificateStore.markVerified")(({ at, domainId, expiresAt }) =>
        withDomain("CertificateStore.markVerified", domainId, (owner) =>
          Effect.zipRight(
            putChallenge(sql, owner, { status: "verified", expires_at: expiresAt }, at),
            setReason(sql, owner.id, null, at)
          )
        )
      ),
      save: Effect.fn("CertificateStore.save")((certificate, accepts) =>
        replanOnDuplicate(transaction("CertificateStore.save", save(sql, certificate, accepts)))
      ),
      account: Effect.map(query("CertificateStore.account", findAccount(sql)), Option.fromNullable).pipe(
        Effect.withSpan("CertificateStore.account")
      ),
      addAccount: Effect.fn("CertificateStore.addAccount")(({ at, encryptedKey, id }) =>
        Effect.gen(function* () {
          const known = yield* findAccount(sql)
          if (known !== undefined) return known
          const row = { id, workspace_id: acmeWorkspace, encrypted_key: encryptedKey, created_at: at }
          yield* sql`INSERT INTO acme_users ${sql.insert(row)}`
          return { id, encryptedKey, registrationUri: null }
        }).pipe((body) => transaction("CertificateStore.addAccount", body), replanOnDuplicate)
      ),
      setRegistration: Effect.fn("CertificateStore.setRegistration")(({ at, id, uri }) =>
        Effect.asVoid(
          transaction(
            "CertificateStore.setRegistration",
            sql`UPDATE acme_users SET registration_uri = ${uri}, updated_at = ${at} WHERE id = ${id}`
          )
        )
      ),
      page: Effect.fn("CertificateStore.page")((after: number, limit: number) =>
        query("CertificateStore.page", domainPage(sql, after, limit))
      ),
      refuse: Effect.fn("CertificateStore.refuse")((rows, at) =>
        transaction(
          "CertificateStore.refuse",
          Effect.forEach(rows, ({ id, problem }) => refuseDomain(sql, id, problem, at), { discard: true })
        )
      ),
      ensureInfrastructure: Effect.fn("CertificateStore.ensureInfrastructure")((domains, at) =>
        Effect.forEach(
          domains,
          (domain) =>
            replanOnDuplicate(
              transaction("CertificateStore.ensureInfrastructure", ensurePlatformDomain(sql, domain, at))
            ),
          { discard: true }
        )
      ),
      findConflicts: Effect.fn("CertificateStore.findConflicts")((names: ReadonlyArray<DomainName>) =>
        query("CertificateStore.findConflicts", takenPlatformDomains(sql, names))
      ),
      remainingLife: Effect.fn("CertificateStore.remainingLife")((now: number) =>
        Effect.map(
          query("CertificateStore.remainingLife", countByRemainingLife(sql, now)),
          (rows): ReadonlyMap<RemainingLife, number> => new Map(rows.map(({ bucket, total }) => [bucket, total]))
        )
      )
    })
  })
)
