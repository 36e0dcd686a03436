import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Either, Layer, Option, Schema } from "effect"
import { type DomainName, domainName, isWildcard } from "../../names/DomainName.ts"
import {
  AcmeAccountRow,
  acmeWorkspace,
  CertificateStore,
  type CertifiedDomain,
  ChallengeStatus,
  type InfrastructureDomain,
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
import { decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const certifiedDomain = decodeFirst(
  Schema.Struct({
    id: Schema.String,
    workspaceId: Schema.String,
    status: Schema.NullOr(ChallengeStatus),
    expiresAt: Schema.NullOr(Schema.Number),
    routed: Schema.NullOr(Schema.String),
    hostname: Schema.NullOr(Schema.String),
    certificateId: Schema.NullOr(Schema.String),
    certificateWorkspaceId: Schema.NullOr(Schema.String),
    chain: Schema.NullOr(Schema.String)
  })
)
const ownerRow = decodeFirst(Schema.Struct({ id: Schema.String, workspaceId: Schema.String, stored: Schema.String }))
const certificateRow = decodeFirst(Schema.Struct({ id: Schema.String, chain: Schema.String }))
const accountRow = decodeFirst(AcmeAccountRow)
const classRows = decodeRows(Schema.Struct({ bucket: Schema.Literal(...remainingLifeClasses), total: Schema.Number }))

const dayMillis = 86_400_000

/** Whether the stored text is this name: the database's collation may match other texts. */
const isNamed = (stored: string | null, name: DomainName): boolean =>
  stored !== null && Either.getOrNull(domainName(stored)) === name

const find = Effect.fnUntraced(function* (sql: SqlClient, name: DomainName) {
  const [owner] = yield* namedDomains(sql, name, false)
  if (owner === undefined) return Option.none<CertifiedDomain>()
  const row = yield* certifiedDomain(sql`
    SELECT d.id, d.workspace_id, c.status, c.expires_at, r.fully_qualified_domain_name AS routed, x.id AS certificate_id,
      x.hostname, x.workspace_id AS certificate_workspace_id, x.certificate AS chain
    FROM custom_domains d
    LEFT JOIN acme_challenges c ON c.domain_id = d.id
    LEFT JOIN frontline_routes r ON r.fully_qualified_domain_name = ${name}
    LEFT JOIN certificates x ON x.hostname = ${name}
    WHERE d.id = ${owner.id}`)
  if (row === null) return Option.none<CertifiedDomain>()
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
    ownerRow(sql`
      SELECT id, workspace_id, domain AS ${sql("stored")} FROM custom_domains WHERE id = ${domainId} FOR UPDATE`),
    (row): Owner | undefined => {
      const name = row === null ? null : Either.getOrNull(domainName(row.stored))
      return row === null || name === null ? undefined : { id: row.id, workspaceId: row.workspaceId, name }
    }
  )

interface ChallengeColumns {
  readonly status: ChallengeStatus
  readonly token?: string
  readonly authorization?: string
  readonly expiresAt?: number
}

/** Upserts the domain's challenge; a new row leaves the other columns empty. */
const putChallenge = (sql: SqlClient, owner: Owner, columns: ChallengeColumns, at: number) => {
  const row = {
    domainId: owner.id,
    workspaceId: owner.workspaceId,
    token: "",
    challengeType: isWildcard(owner.name) ? "DNS-01" : "HTTP-01",
    authorization: "",
    expiresAt: 0,
    createdAt: at,
    ...columns
  }
  const set = { ...columns, workspaceId: owner.workspaceId, updatedAt: at }
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
  const current = yield* certificateRow(
    sql`SELECT id, certificate AS chain FROM certificates WHERE hostname = ${owner.name} FOR UPDATE`
  )
  if (current?.chain === chain) return { _tag: "Saved", id: current.id } satisfies SaveOutcome
  if (!accepts(current?.chain ?? null)) return { _tag: "Changed" } satisfies SaveOutcome
  const set = { workspaceId: owner.workspaceId, certificate: chain, encryptedPrivateKey: encryptedKey }
  yield* current === null
    ? sql`INSERT INTO certificates ${sql.insert({ ...set, id, hostname: owner.name, createdAt: at })}`
    : sql`UPDATE certificates SET ${sql.update({ ...set, updatedAt: at })} WHERE id = ${current.id}`
  yield* putChallenge(sql, owner, { status: "verified", expiresAt }, at)
  yield* setReason(sql, owner.id, null, at)
  return { _tag: "Saved", id: current?.id ?? id } satisfies SaveOutcome
})

const findAccount = (sql: SqlClient) =>
  accountRow(sql`
    SELECT id, encrypted_key, registration_uri FROM acme_users
    WHERE workspace_id = ${acmeWorkspace} ORDER BY pk LIMIT 1`)

type NewAccount = Parameters<CertificateStore["Type"]["addAccount"]>[0]

const addAccount = Effect.fnUntraced(function* (sql: SqlClient, { at, encryptedKey, id }: NewAccount) {
  const known = yield* findAccount(sql)
  if (known !== null) return known
  const row = { id, workspaceId: acmeWorkspace, encryptedKey, createdAt: at }
  yield* sql`INSERT INTO acme_users ${sql.insert(row)}`
  return { id, encryptedKey, registrationUri: null }
})

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

type Methods = CertificateStore["Type"]

export const CertificateStoreLive: Layer.Layer<CertificateStore, never, MysqlPools> = Layer.effect(
  CertificateStore,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { command, query, replanned, transaction } = storeMethods("CertificateStore", primary)
    const addPlatformDomain = replanned("ensureInfrastructure", (domain: InfrastructureDomain, at: number) =>
      ensurePlatformDomain(sql, domain, at)
    )

    /** Writes a domain's rows; returns whether the domain exists. */
    const domainWrite = <Change extends { readonly domainId: string }>(
      name: string,
      write: (owner: Owner, change: Change) => Effect.Effect<unknown, SqlError>
    ) =>
      transaction(name, (change: Change) =>
        Effect.flatMap(lockDomain(sql, change.domainId), (owner) =>
          owner === undefined ? Effect.succeed(false) : Effect.as(write(owner, change), true)
        )
      )

    return CertificateStore.of({
      find: query("find", (name: DomainName) => find(sql, name)),
      writeChallenge: domainWrite(
        "writeChallenge",
        (owner, { at, authorization, token }: Parameters<Methods["writeChallenge"]>[0]) =>
          putChallenge(sql, owner, { status: "pending", token, authorization }, at)
      ),
      markFailed: domainWrite("markFailed", (owner, { at, reason }: Parameters<Methods["markFailed"]>[0]) =>
        Effect.zipRight(
          putChallenge(sql, owner, { status: "failed" }, at),
          setReason(sql, owner.id, firstCodePoints(reason, 512), at)
        )
      ),
      markVerified: domainWrite("markVerified", (owner, { at, expiresAt }: Parameters<Methods["markVerified"]>[0]) =>
        Effect.zipRight(
          putChallenge(sql, owner, { status: "verified", expiresAt }, at),
          setReason(sql, owner.id, null, at)
        )
      ),
      save: replanned("save", (certificate: NewCertificate, accepts: (current: string | null) => boolean) =>
        save(sql, certificate, accepts)
      ),
      account: Effect.suspend(query("account", () => Effect.map(findAccount(sql), Option.fromNullable))),
      addAccount: replanned("addAccount", (account: NewAccount) => addAccount(sql, account)),
      setRegistration: command(
        "setRegistration",
        ({ at, id, uri }: Parameters<Methods["setRegistration"]>[0]) =>
          sql`UPDATE acme_users SET registration_uri = ${uri}, updated_at = ${at} WHERE id = ${id}`
      ),
      page: query("page", (after: number, limit: number) => domainPage(sql, after, limit)),
      refuse: command("refuse", (rows: Parameters<Methods["refuse"]>[0], at: number) =>
        Effect.forEach(rows, ({ id, problem }) => refuseDomain(sql, id, problem, at), { discard: true })
      ),
      ensureInfrastructure: (domains, at) =>
        Effect.forEach(domains, (domain) => addPlatformDomain(domain, at), { discard: true }),
      findConflicts: query("findConflicts", (names: ReadonlyArray<DomainName>) => takenPlatformDomains(sql, names)),
      remainingLife: query("remainingLife", (now: number) =>
        Effect.map(
          countByRemainingLife(sql, now),
          (rows): ReadonlyMap<RemainingLife, number> => new Map(rows.map(({ bucket, total }) => [bucket, total]))
        )
      )
    })
  })
)
