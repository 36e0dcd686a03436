import { Array as Arr, Either } from "effect"
import { type DomainName, domainName } from "../../names/DomainName.ts"
import { otherSpellingProblem, rowsOf, type StoredDomain, sameNameProblem } from "../../names/storedDomains.ts"
import type { InvalidDomain, ListedDomain } from "../certificate/CertificateStore.ts"

/** A row of a page before its text is parsed as a domain name. */
export type StoredListing = Omit<ListedDomain, "_tag" | "name"> & { readonly stored: string }

/** The names of a page that several rows may have: a name in a non-canonical spelling may exist in other spellings too. */
export const ambiguousNames = (page: ReadonlyArray<StoredListing>): ReadonlyArray<DomainName> =>
  Arr.dedupe(
    page.flatMap(({ stored }) =>
      Either.match(domainName(stored), { onLeft: () => [], onRight: (name) => (name === stored ? [] : [name]) })
    )
  )

/**
 * Parses the rows of a page as domains. Of an ambiguous name only the owner's row is listed; other rows are invalid, in this
 * page or not. `found` are the existing rows of all ambiguous names.
 */
export const listDomains = (
  page: ReadonlyArray<StoredListing>,
  found: ReadonlyArray<StoredDomain>
): ReadonlyArray<ListedDomain | InvalidDomain> => {
  const ambiguous = new Set(ambiguousNames(page))
  const invalid = (id: string, problem: string): InvalidDomain => ({ _tag: "Unfit", id, problem })
  const rows = page.flatMap(({ stored, ...row }): ReadonlyArray<ListedDomain | InvalidDomain> => {
    const read = domainName(stored)
    if (Either.isLeft(read)) return [invalid(row.id, read.left.message)]
    const name = read.right
    const listed: ListedDomain = { _tag: "Listed", ...row, name }
    if (!ambiguous.has(name)) return [listed]
    const [owner, ...others] = rowsOf(name, found)
    const refused = owner === undefined ? [] : others.map(({ id }) => invalid(id, sameNameProblem(owner)))
    if (owner?.id === row.id) return [listed, ...refused]
    return others.some(({ id }) => id === row.id) ? refused : [invalid(row.id, otherSpellingProblem(name)), ...refused]
  })
  return Arr.dedupeWith(rows, (one, other) => one.id === other.id)
}
