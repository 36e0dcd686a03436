import { Array as Arr, Effect, Either, Ref } from "effect"
import { decodeRow } from "../../../src/layers/mysql/rows.ts"
import { domainName } from "../../../src/names/DomainName.ts"
import { infrastructureWorkspace } from "../../../src/services/certificate/CertificateStore.ts"
import { LockedDomain } from "../../../src/services/customDomain/LockedDomain.ts"
import { DomainProofStore } from "../../../src/services/domainProof/DomainProofStore.ts"
import { proofChanges, verifiedAtOf } from "../../../src/services/domainProof/proofChanges.ts"
import { transactDomain } from "./changeDomain.ts"
import { MemoryTables } from "./MemoryTables.ts"
import { namedDomains } from "./namedDomains.ts"
import type { Tables } from "./Tables.ts"

const isTenants = ({ workspace_id }: Tables["custom_domains"]) => workspace_id !== infrastructureWorkspace

const lockedDomain = decodeRow(LockedDomain)

export const makeDomainProofStore = Effect.map(MemoryTables, (tables) =>
  DomainProofStore.of({
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
        const isServed = rows.frontline_routes.some(
          (route) => route.fully_qualified_domain_name === name && route.project_id === row.project_id
        )
        if (row.verification_status !== "verified" && !isServed) return null
        return { id: row.id, verificationToken: row.verification_token, verifiedAt: verifiedAtOf(lockedDomain(row)) }
      }),
    ...proofChanges(transactDomain("DomainProofStore", tables))
  })
)
