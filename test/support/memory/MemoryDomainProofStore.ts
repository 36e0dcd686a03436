import { Array as Arr, Effect, Either, Ref } from "effect"
import { type DomainName, domainName } from "../../../src/names/DomainName.ts"
import { infrastructureWorkspace } from "../../../src/services/certificate/CertificateStore.ts"
import { DomainProofStore } from "../../../src/services/domainProof/DomainProofStore.ts"
import { MemoryTables, transaction, updateWhere } from "./MemoryTables.ts"
import { namedDomains } from "./namedDomains.ts"
import type { Tables } from "./Tables.ts"

const isTenants = ({ workspace_id }: Tables["custom_domains"]) => workspace_id !== infrastructureWorkspace

const verifiedAtOf = (row: Tables["custom_domains"]) =>
  row.verification_status === "verified" ? row.last_checked_at : null

const isRouteOf = (row: Tables["custom_domains"], name: DomainName) => (route: Tables["frontline_routes"]) =>
  route.fully_qualified_domain_name === name && route.project_id === row.project_id

export const makeDomainProofStore = Effect.map(MemoryTables, (tables) => {
  const change = transaction(tables)
  return DomainProofStore.of({
    page: (after, limit) =>
      Effect.map(Ref.get(tables), ({ custom_domains }) => {
        const page = custom_domains
          .map((row, index) => ({ row, ordinal: index + 1 }))
          .filter(({ ordinal, row }) => ordinal > after && isTenants(row))
          .slice(0, limit)
        const names = Arr.dedupe(Arr.filterMap(page, ({ row }) => Either.getRight(domainName(row.domain))))
        return { names, next: page.length < limit ? null : (page.at(-1)?.ordinal ?? null) }
      }),
    find: (name) =>
      Effect.map(Ref.get(tables), (rows) => {
        const [owner] = namedDomains(rows, name)
        const row = rows.custom_domains.find((each) => each.id === owner?.id && isTenants(each))
        if (row === undefined) return null
        const isServed = rows.frontline_routes.some(isRouteOf(row, name))
        const verifiedAt = verifiedAtOf(row)
        if (row.verification_status !== "verified" && !isServed) return null
        return { id: row.id, verificationToken: row.verification_token, verifiedAt }
      }),
    warn: ({ at, domainId, problem }) =>
      change("DomainProofStore.warn", (draft) =>
        updateWhere(
          draft.custom_domains,
          ({ id, verification_status }) => id === domainId && verification_status === "verified",
          { verification_error: problem, updated_at: at }
        )
      ),
    clearWarning: ({ at, domainId, problem }) =>
      change("DomainProofStore.clearWarning", (draft) =>
        updateWhere(
          draft.custom_domains,
          ({ id, verification_error }) => id === domainId && verification_error === problem,
          { verification_error: null, updated_at: at }
        )
      ),
    withdraw: ({ at, domainId, problem, since }) =>
      change("DomainProofStore.withdraw", (draft) => {
        const row = draft.custom_domains.find((each) => each.id === domainId && isTenants(each))
        const name = row === undefined ? null : Either.getOrNull(domainName(row.domain))
        if (row === undefined || name === null || (verifiedAtOf(row) ?? since) > since) return false
        const isItsRoute = isRouteOf(row, name)
        const others = draft.frontline_routes.filter((route) => !isItsRoute(route))
        draft.frontline_routes.splice(0, draft.frontline_routes.length, ...others)
        updateWhere(draft.acme_challenges, ({ domain_id }) => domain_id === domainId, {
          status: "failed",
          updated_at: at
        })
        updateWhere(draft.custom_domains, ({ id }) => id === domainId, {
          verification_status: "failed",
          verification_error: problem,
          ownership_verified: false,
          updated_at: at
        })
        return true
      })
  })
})
