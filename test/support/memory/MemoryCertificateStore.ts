import { Effect, Option, Ref } from "effect"
import type { DomainName } from "../../../src/names/DomainName.ts"
import { sameNameProblem } from "../../../src/names/storedDomains.ts"
import {
  AcmeAccountRow,
  acmeWorkspace,
  CertificateStore,
  type CertifiedDomain,
  type DomainPage,
  type InfrastructureDomain,
  infrastructureWorkspace,
  type NewCertificate,
  type RemainingLife,
  type SaveOutcome
} from "../../../src/services/certificate/CertificateStore.ts"
import { certificateChanges, newChallenge, planSave } from "../../../src/services/certificate/certificateChanges.ts"
import { nameOf } from "../../../src/services/customDomain/LockedDomain.ts"
import { ambiguousNames, listDomains } from "../../../src/services/customDomain/listDomains.ts"
import { lockDomain, refuseDomain, transactDomain, writeDomain } from "./changeDomain.ts"
import { columnsOf, type Draft, MemoryTables, rowAs, transaction, updateWhere } from "./MemoryTables.ts"
import { namedDomains } from "./namedDomains.ts"
import type { Rows, Tables } from "./Tables.ts"

type DomainRow = Tables["custom_domains"]

const dayMillis = 86_400_000

const findDomain = (rows: Rows, name: DomainName): Option.Option<CertifiedDomain> => {
  const [owner] = namedDomains(rows, name)
  const row = rows.custom_domains.find(({ id }) => id === owner?.id)
  if (row === undefined) return Option.none()
  const challenge = rows.acme_challenges.find(({ domain_id }) => domain_id === row.id)
  const certificate = rows.certificates.find(({ hostname }) => hostname === name)
  return Option.some({
    id: row.id,
    workspaceId: row.workspace_id,
    name,
    challenge: challenge === undefined ? null : { status: challenge.status, expiresAt: challenge.expires_at },
    hasRoute: rows.frontline_routes.some((route) => route.fully_qualified_domain_name === name),
    certificate:
      certificate === undefined
        ? null
        : { id: certificate.id, workspaceId: certificate.workspace_id, chain: certificate.certificate }
  })
}

const saveCertificate = (
  draft: Draft,
  certificate: NewCertificate,
  accepts: (current: string | null) => boolean
): SaveOutcome => {
  const { at, domainId, id } = certificate
  const domain = lockDomain(draft, domainId)
  const hostname = domain && nameOf(domain)
  const current = draft.certificates.find((row) => row.hostname === hostname)
  const plan = planSave(domain, current ? { id: current.id, chain: current.certificate } : null, certificate, accepts)
  const set = plan.set && columnsOf(plan.set)
  if (set !== null && current !== undefined)
    updateWhere(draft.certificates, (row) => row.id === current.id, { ...set, updated_at: at })
  else if (set !== null && hostname !== null)
    draft.certificates.push({ ...set, id, hostname, created_at: at, updated_at: null })
  if (domain !== null && plan.domain !== null) writeDomain(draft, certificate, domain, plan.domain)
  return plan.answer
}

/** As in the live store: if a tenant's row has the text, the platform's row has a final dot. */
const freeSpelling = (draft: Draft, name: DomainName): string => {
  const has = (text: string) => (row: DomainRow) => row.domain === text
  if (!draft.custom_domains.some(has(name))) return name
  const dotted = `${name}.`
  const taker = draft.custom_domains.find(has(dotted))
  if (taker !== undefined) updateWhere(draft.custom_domains, has(dotted), { domain: `refused#${taker.id}` })
  return dotted
}

const insertPlatform = (draft: Draft, { id, name, targetCname }: InfrastructureDomain, at: number) => {
  draft.custom_domains.push({
    id,
    workspace_id: infrastructureWorkspace,
    project_id: infrastructureWorkspace,
    environment_id: infrastructureWorkspace,
    domain: freeSpelling(draft, name),
    challenge_type: "DNS-01",
    verification_status: "verified",
    verification_token: "",
    ownership_verified: true,
    cname_verified: true,
    target_cname: targetCname,
    last_checked_at: null,
    check_attempts: 0,
    verification_error: null,
    invocation_id: null,
    created_at: at,
    updated_at: null
  })
}

const ensureDomain = (draft: Draft, domain: InfrastructureDomain, at: number) => {
  const known = namedDomains(draft, domain.name)
  if (!known.some(({ isPlatform }) => isPlatform)) insertPlatform(draft, domain, at)
  const [first] = namedDomains(draft, domain.name)
  if (first === undefined) return
  for (const { id } of known) refuseDomain(draft, id, sameNameProblem(first), at)
  if (draft.acme_challenges.some((row) => row.domain_id === first.id)) return
  const challenge = columnsOf(newChallenge(first, domain.name, at))
  draft.acme_challenges.push({ ...challenge, challenge_type: "DNS-01", updated_at: null })
}

const pageOf = (rows: Rows, after: number, limit: number): DomainPage => {
  const listed = rows.custom_domains
    .map((row, index) => ({ row, ordinal: index + 1 }))
    .filter(({ ordinal }) => ordinal > after)
    .flatMap(({ ordinal, row }) => {
      const challenge = rows.acme_challenges.find(({ domain_id }) => domain_id === row.id)
      if (challenge === undefined && row.verification_status !== "verified") return []
      const changedAt = challenge === undefined ? null : (challenge.updated_at ?? challenge.created_at)
      const { domain: stored, id, workspace_id: workspaceId } = row
      return [{ ordinal, listing: { id, stored, workspaceId, status: challenge?.status ?? null, changedAt } }]
    })
    .slice(0, limit)
  const page = listed.map(({ listing }) => listing)
  const found = ambiguousNames(page).flatMap((name) => namedDomains(rows, name))
  return { rows: listDomains(page, found), next: listed.length < limit ? null : (listed.at(-1)?.ordinal ?? null) }
}

const takenBy = (rows: Rows, names: ReadonlyArray<DomainName>) =>
  names.flatMap((name) =>
    namedDomains(rows, name)
      .filter(({ isPlatform }) => !isPlatform)
      .map(({ id, workspaceId }) => ({ id, name, workspaceId }))
  )

const classOf = (left: number): RemainingLife => {
  if (left <= 0) return "expired"
  if (left <= dayMillis) return "1d"
  if (left <= 7 * dayMillis) return "7d"
  if (left <= 14 * dayMillis) return "14d"
  return left <= 30 * dayMillis ? "30d" : "more"
}

const remainingLife = (rows: Rows, now: number) => {
  const counts = new Map<RemainingLife, number>()
  for (const { hostname, workspace_id } of rows.certificates) {
    const owner = rows.custom_domains.find(
      (row) => row.domain.replace(/\.$/, "") === hostname && row.workspace_id === workspace_id
    )
    const challenge = rows.acme_challenges.find(({ domain_id }) => domain_id === owner?.id)
    if (challenge === undefined) continue
    const lifeClass = classOf(challenge.expires_at - now)
    counts.set(lifeClass, (counts.get(lifeClass) ?? 0) + 1)
  }
  return counts
}

const accountRow = rowAs(AcmeAccountRow)
const accountOf = (rows: Rows | Draft) =>
  accountRow(rows.acme_users.find(({ workspace_id }) => workspace_id === acmeWorkspace))

export const makeCertificateStore = Effect.map(MemoryTables, (tables) => {
  const change = transaction(tables)
  const read = <A>(select: (rows: Rows) => A) => Effect.map(Ref.get(tables), select)
  return CertificateStore.of({
    find: (name) => read((rows) => findDomain(rows, name)),
    ...certificateChanges(transactDomain("CertificateStore", tables)),
    save: (certificate, accepts) =>
      change("CertificateStore.save", (draft) => saveCertificate(draft, certificate, accepts)),
    account: read((rows) => Option.fromNullable(accountOf(rows))),
    addAccount: ({ at, encryptedKey, id }) =>
      change("CertificateStore.addAccount", (draft) => {
        const known = accountOf(draft)
        if (known !== null) return known
        const row = { id, workspace_id: acmeWorkspace, encrypted_key: encryptedKey, registration_uri: null }
        draft.acme_users.push({ ...row, created_at: at, updated_at: null })
        return { id, encryptedKey, registrationUri: null }
      }),
    setRegistration: ({ at, id, uri }) =>
      change("CertificateStore.setRegistration", (draft) =>
        updateWhere(draft.acme_users, (row) => row.id === id, { registration_uri: uri, updated_at: at })
      ),
    refuse: (rows, at) =>
      change("CertificateStore.refuse", (draft) => {
        for (const { id, problem } of rows) refuseDomain(draft, id, problem, at)
      }),
    findConflicts: (names) => read((rows) => takenBy(rows, names)),
    page: (after, limit) => read((rows) => pageOf(rows, after, limit)),
    ensureInfrastructure: (domains, at) =>
      change("CertificateStore.ensureInfrastructure", (draft) => {
        for (const domain of domains) ensureDomain(draft, domain, at)
      }),
    remainingLife: (now) => read((rows) => remainingLife(rows, now))
  })
})
