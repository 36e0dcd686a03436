import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Either, Layer, Option, Schema } from "effect"
import { type DomainName, domainName } from "../../names/DomainName.ts"
import {
  AcmeAccountRow,
  acmeWorkspace,
  CertificateStore,
  type CertifiedDomain,
  ChallengeStatus,
  type InfrastructureDomain,
  type NewCertificate,
  type RemainingLife,
  remainingLifeClasses
} from "../../services/certificate/CertificateStore.ts"
import { certificateChanges, planSave } from "../../services/certificate/certificateChanges.ts"
import { nameOf } from "../../services/customDomain/LockedDomain.ts"
import { day } from "../../text/millis.ts"
import { lockDomain, refuseDomain, transactDomain, writeDomain } from "./changeDomain.ts"
import { domainPage } from "./domainPages.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { namedDomains } from "./namedDomains.ts"
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
const certificateRow = decodeFirst(Schema.Struct({ id: Schema.String, chain: Schema.String }))
const accountRow = decodeFirst(AcmeAccountRow)
const classRows = decodeRows(Schema.Struct({ bucket: Schema.Literal(...remainingLifeClasses), total: Schema.Number }))

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

const save = Effect.fnUntraced(function* (
  sql: SqlClient,
  certificate: NewCertificate,
  accepts: (current: string | null) => boolean
) {
  const { at, domainId, id } = certificate
  const domain = yield* lockDomain(sql, domainId)
  const hostname = domain && nameOf(domain)
  const current = yield* certificateRow(
    sql`SELECT id, certificate AS chain FROM certificates WHERE hostname = ${hostname} FOR UPDATE`
  )
  const plan = planSave(domain, current, certificate, accepts)
  if (plan.set !== null)
    yield* current === null
      ? sql`INSERT INTO certificates ${sql.insert({ ...plan.set, id, hostname, createdAt: at })}`
      : sql`UPDATE certificates SET ${sql.update({ ...plan.set, updatedAt: at })} WHERE id = ${current.id}`
  if (domain !== null && plan.domain !== null) yield* writeDomain(sql, certificate, domain, plan.domain)
  return plan.answer
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
      WHEN c.expires_at <= ${now + day} THEN '1d'
      WHEN c.expires_at <= ${now + 7 * day} THEN '7d'
      WHEN c.expires_at <= ${now + 14 * day} THEN '14d'
      WHEN c.expires_at <= ${now + 30 * day} THEN '30d'
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
    const methods = storeMethods("CertificateStore", primary)
    const { command, query, replanned } = methods
    const addPlatformDomain = replanned("ensureInfrastructure", (domain: InfrastructureDomain, at: number) =>
      ensurePlatformDomain(sql, domain, at)
    )

    return CertificateStore.of({
      ...certificateChanges(transactDomain(sql, methods)),
      find: query("find", (name: DomainName) => find(sql, name)),
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
