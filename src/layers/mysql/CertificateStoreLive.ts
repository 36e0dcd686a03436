import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Layer, Option, Schema } from "effect"
import {
  acmeWorkspace,
  CertificateStore,
  type CertifiedDomain,
  ChallengeStatus,
  type InfrastructureDomain,
  infrastructureWorkspace,
  type NewCertificate,
  type RemainingLife,
  remainingLifeClasses,
  type SaveOutcome
} from "../../services/CertificateStore.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { replanOnDuplicate } from "./replanOnDuplicate.ts"
import { decodeRows, Integer64 } from "./rows.ts"

const domainRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    workspaceId: Schema.String,
    name: Schema.String,
    status: Schema.NullOr(ChallengeStatus),
    expiresAt: Schema.NullOr(Integer64),
    routeId: Schema.NullOr(Schema.String),
    certificateId: Schema.NullOr(Schema.String),
    certificateWorkspaceId: Schema.NullOr(Schema.String),
    chain: Schema.NullOr(Schema.String)
  })
)
const ownerRows = decodeRows(Schema.Struct({ id: Schema.String, workspaceId: Schema.String, name: Schema.String }))
const certificateRows = decodeRows(Schema.Struct({ id: Schema.String, chain: Schema.String }))
const accountRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    encryptedKey: Schema.String,
    registrationUri: Schema.NullOr(Schema.String)
  })
)
const pageRows = decodeRows(
  Schema.Struct({
    ordinal: Integer64,
    name: Schema.String,
    workspaceId: Schema.String,
    status: Schema.NullOr(ChallengeStatus),
    changedAt: Schema.NullOr(Integer64)
  })
)
const classRows = decodeRows(Schema.Struct({ bucket: Schema.Literal(...remainingLifeClasses), total: Integer64 }))

const dayMillis = 86_400_000

const find = (sql: SqlClient, name: string) =>
  Effect.map(
    domainRows(sql`
      SELECT d.id AS id, d.workspace_id AS workspaceId, d.domain AS name, c.status AS status,
        c.expires_at AS expiresAt, r.id AS routeId, x.id AS certificateId,
        x.workspace_id AS certificateWorkspaceId, x.certificate AS chain
      FROM custom_domains d
      LEFT JOIN acme_challenges c ON c.domain_id = d.id
      LEFT JOIN frontline_routes r ON r.fully_qualified_domain_name = d.domain
      LEFT JOIN certificates x ON x.hostname = d.domain
      WHERE d.domain = ${name}`),
    ([row]): Option.Option<CertifiedDomain> => {
      if (row === undefined) return Option.none()
      const { certificateId, certificateWorkspaceId, chain, expiresAt, routeId, status, ...domain } = row
      return Option.some({
        ...domain,
        challenge: status === null || expiresAt === null ? null : { status, expiresAt },
        hasRoute: routeId !== null,
        certificate:
          certificateId === null || certificateWorkspaceId === null || chain === null
            ? null
            : { id: certificateId, workspaceId: certificateWorkspaceId, chain }
      })
    }
  )

/** Every writer of a domain's rows holds its row first. */
const lockDomain = (sql: SqlClient, domainId: string) =>
  Effect.map(
    ownerRows(sql`
      SELECT id, workspace_id AS workspaceId, domain AS name FROM custom_domains WHERE id = ${domainId} FOR UPDATE`),
    ([row]) => row
  )

type Owner = Effect.Effect.Success<ReturnType<typeof lockDomain>> & {}

interface ChallengeColumns {
  readonly status: ChallengeStatus
  readonly token?: string
  readonly authorization?: string
  readonly expires_at?: number
}

/** Sets columns of the domain's challenge; a row that is missing is made with the rest empty. */
const putChallenge = (sql: SqlClient, owner: Owner, columns: ChallengeColumns, at: number) => {
  const row = {
    domain_id: owner.id,
    workspace_id: owner.workspaceId,
    token: "",
    challenge_type: owner.name.startsWith("*.") ? "DNS-01" : "HTTP-01",
    authorization: "",
    expires_at: 0,
    created_at: at,
    ...columns
  }
  const set = { ...columns, workspace_id: owner.workspaceId, updated_at: at }
  return sql`INSERT INTO acme_challenges ${sql.insert(row)} ON DUPLICATE KEY UPDATE ${sql.update(set)}`
}

/** Sets the text at a domain that is verified; at others it tells why they are not. */
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

const ensureDomain = Effect.fnUntraced(function* (sql: SqlClient, domain: InfrastructureDomain, at: number) {
  const selectOwner = ownerRows(
    sql`SELECT id, workspace_id AS workspaceId, domain AS name FROM custom_domains WHERE domain = ${domain.name} FOR UPDATE`
  )
  const [known] = yield* selectOwner
  if (known === undefined) {
    yield* sql`INSERT INTO custom_domains ${sql.insert({
      id: domain.id,
      workspace_id: infrastructureWorkspace,
      project_id: infrastructureWorkspace,
      environment_id: infrastructureWorkspace,
      domain: domain.name,
      challenge_type: "DNS-01",
      verification_status: "verified",
      verification_token: "",
      ownership_verified: 1,
      cname_verified: 1,
      target_cname: domain.targetCname,
      created_at: at
    })}`
  }
  const owner = known ?? { id: domain.id, workspaceId: infrastructureWorkspace, name: domain.name }
  if (owner.workspaceId !== infrastructureWorkspace) return
  yield* sql`
    INSERT INTO acme_challenges
      (domain_id, workspace_id, token, challenge_type, authorization, status, expires_at, created_at)
    VALUES (${owner.id}, ${owner.workspaceId}, '', 'DNS-01', '', 'waiting', 0, ${at})
    ON DUPLICATE KEY UPDATE workspace_id = ${owner.workspaceId}`
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
    FROM certificates x
    JOIN custom_domains d ON d.domain = x.hostname
    JOIN acme_challenges c ON c.domain_id = d.id
    GROUP BY bucket`)

export const CertificateStoreLive: Layer.Layer<CertificateStore, never, MysqlPools> = Layer.effect(
  CertificateStore,
  Effect.gen(function* () {
    const { query, sql, transaction } = (yield* MysqlPools).primary

    /** Does something to the rows of a domain that still exists, and says whether it does. */
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
      find: Effect.fn("CertificateStore.find")((name: string) => query("CertificateStore.find", find(sql, name))),
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
        query(
          "CertificateStore.page",
          pageRows(sql`
            SELECT d.pk AS ordinal, d.domain AS name, d.workspace_id AS workspaceId, c.status AS status,
              COALESCE(c.updated_at, c.created_at) AS changedAt
            FROM custom_domains d LEFT JOIN acme_challenges c ON c.domain_id = d.id
            WHERE d.pk > ${after} AND (c.domain_id IS NOT NULL OR d.verification_status = 'verified')
            ORDER BY d.pk LIMIT ${limit}`)
        )
      ),
      ensureInfrastructure: Effect.fn("CertificateStore.ensureInfrastructure")((domains, at) =>
        Effect.forEach(
          domains,
          (domain) =>
            replanOnDuplicate(transaction("CertificateStore.ensureInfrastructure", ensureDomain(sql, domain, at))),
          { discard: true }
        )
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
