import type { DomainName } from "../../../src/names/DomainName.ts"
import { lookupSpellings, rowsOf, type StoredDomain } from "../../../src/names/storedDomains.ts"
import { infrastructureWorkspace } from "../../../src/services/certificate/CertificateStore.ts"
import type { Rows } from "./Tables.ts"

/** The rows of a name, its owner first, with a binary collation. */
export const namedDomains = ({ custom_domains }: Pick<Rows, "custom_domains">, name: DomainName) => {
  const spellings = lookupSpellings(name)
  const found: Array<StoredDomain & { readonly workspaceId: string }> = []
  custom_domains.forEach((row, ordinal) => {
    if (!spellings.includes(row.domain)) return
    found.push({
      ordinal,
      id: row.id,
      stored: row.domain,
      workspaceId: row.workspace_id,
      isPlatform: row.workspace_id === infrastructureWorkspace,
      isVerified: row.verification_status === "verified"
    })
  })
  return rowsOf(name, found)
}
