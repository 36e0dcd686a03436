import { Either } from "effect"
import type { DomainName } from "../../../names/DomainName.ts"
import { tenantDomainName } from "../../../names/tenantDomain.ts"
import {
  type InvalidDomain,
  infrastructureWorkspace,
  type ListedDomain
} from "../../../services/certificate/CertificateStore.ts"

export interface PartitionedDomains {
  readonly fit: ReadonlyArray<ListedDomain>
  readonly unfit: ReadonlyArray<InvalidDomain>
}

/** Why the workspace's row may not have its name; null when it may. */
export const nameProblem = (
  { name, workspaceId }: Pick<ListedDomain, "name" | "workspaceId">,
  zones: ReadonlyArray<DomainName>
): string | null =>
  workspaceId === infrastructureWorkspace
    ? null
    : Either.match(tenantDomainName(name, zones), { onLeft: ({ message }) => message, onRight: () => null })

/** Splits rows into those that may have a certificate and those that are refused with a reason. */
export const partitionDomains = (
  rows: ReadonlyArray<ListedDomain | InvalidDomain>,
  zones: ReadonlyArray<DomainName>
): PartitionedDomains => {
  const classified = rows.map((row): ListedDomain | InvalidDomain => {
    if (row._tag === "Unfit") return row
    const problem = nameProblem(row, zones)
    return problem === null ? row : { _tag: "Unfit", id: row.id, problem }
  })
  return {
    fit: classified.filter((row) => row._tag === "Listed"),
    unfit: classified.filter((row) => row._tag === "Unfit")
  }
}
