import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import type { DomainName } from "../../names/DomainName.ts"
import { sameNameProblem } from "../../names/storedDomains.ts"
import { type InfrastructureDomain, infrastructureWorkspace } from "../../services/certificate/CertificateStore.ts"
import { newChallenge } from "../../services/certificate/certificateChanges.ts"
import { refuseDomain } from "./changeDomain.ts"
import { type NamedDomain, namedDomains } from "./namedDomains.ts"

const has = (rows: ReadonlyArray<NamedDomain>, text: string) => rows.find(({ stored }) => stored.toLowerCase() === text)

/**
 * The column is unique: if a tenant's row has the name, the platform's row stores it with a final dot. A tenant's row with that
 * text is renamed, so that no tenant's row can take the platform's name.
 */
const freeSpelling = Effect.fnUntraced(function* (sql: SqlClient, name: DomainName, known: ReadonlyArray<NamedDomain>) {
  if (has(known, name) === undefined) return name
  const dotted = `${name}.`
  const taker = has(known, dotted)
  if (taker !== undefined)
    yield* sql`UPDATE custom_domains SET domain = ${`refused#${taker.id}`} WHERE id = ${taker.id}`
  return dotted
})

const insertPlatform = Effect.fnUntraced(function* (
  sql: SqlClient,
  { id, name, targetCname }: InfrastructureDomain,
  known: ReadonlyArray<NamedDomain>,
  at: number
) {
  const domain = yield* freeSpelling(sql, name, known)
  yield* sql`INSERT INTO custom_domains ${sql.insert({
    id,
    workspaceId: infrastructureWorkspace,
    projectId: infrastructureWorkspace,
    environmentId: infrastructureWorkspace,
    domain,
    challengeType: "DNS-01",
    verificationStatus: "verified",
    verificationToken: "",
    ownershipVerified: 1,
    cnameVerified: 1,
    targetCname,
    createdAt: at
  })}`
  const [owner] = yield* namedDomains(sql, name, true)
  return owner
})

/** Inserts what is missing of one infrastructure domain, and rejects tenants' rows with its name. */
export const ensurePlatformDomain = Effect.fnUntraced(function* (
  sql: SqlClient,
  domain: InfrastructureDomain,
  at: number
) {
  const known = yield* namedDomains(sql, domain.name, true)
  const owner = known.find(({ isPlatform }) => isPlatform) ?? (yield* insertPlatform(sql, domain, known, at))
  if (owner === undefined) return
  for (const { id, isPlatform } of known) if (!isPlatform) yield* refuseDomain(sql, id, sameNameProblem(owner), at)
  const challenge = { ...newChallenge(owner, domain.name, at), challengeType: "DNS-01" }
  yield* sql`
    INSERT INTO acme_challenges ${sql.insert(challenge)}
    ON DUPLICATE KEY UPDATE workspace_id = ${infrastructureWorkspace}`
})

export const takenPlatformDomains = (sql: SqlClient, names: ReadonlyArray<DomainName>) =>
  Effect.map(
    Effect.forEach(names, (name) =>
      Effect.map(namedDomains(sql, name, false), (rows) =>
        rows.filter(({ isPlatform }) => !isPlatform).map((row) => ({ ...row, name }))
      )
    ),
    (rows) => rows.flat().map(({ id, name, workspaceId }) => ({ id, name, workspaceId }))
  )
