import { Array as Arr, Either } from "effect"
import { type DomainName, domainName } from "../names/DomainName.ts"
import { otherSpellingProblem, rowsOf, type StoredDomain, sameNameProblem } from "../names/storedDomains.ts"
import type { ListedDomain, UnfitDomain } from "./CertificateStore.ts"

/** A row of a page, before its text is read as a name. */
export type StoredListing = Omit<ListedDomain, "_tag" | "name"> & { readonly stored: string }

/** The names of a page that several rows may have: one that is not in its canonical spelling may be in another one as well. */
export const ambiguousNames = (page: ReadonlyArray<StoredListing>): ReadonlyArray<DomainName> =>
  Arr.dedupe(
    page.flatMap(({ stored }) =>
      Either.match(domainName(stored), { onLeft: () => [], onRight: (name) => (name === stored ? [] : [name]) })
    )
  )

/**
 * Reads the rows of a page as domains. Of an ambiguous name one row is listed, its owner; the others are unfit, whether they are in
 * this page or not. `found` are the rows of all ambiguous names that can be looked up.
 */
export const listDomains = (
  page: ReadonlyArray<StoredListing>,
  found: ReadonlyArray<StoredDomain>
): ReadonlyArray<ListedDomain | UnfitDomain> => {
  const ambiguous = new Set(ambiguousNames(page))
  const unfit = (id: string, problem: string): UnfitDomain => ({ _tag: "Unfit", id, problem })
  const rows = page.flatMap(({ stored, ...row }): ReadonlyArray<ListedDomain | UnfitDomain> => {
    const read = domainName(stored)
    if (Either.isLeft(read)) return [unfit(row.id, read.left.message)]
    const name = read.right
    const listed: ListedDomain = { _tag: "Listed", ...row, name }
    if (!ambiguous.has(name)) return [listed]
    const [owner, ...others] = rowsOf(name, found)
    const refused = owner === undefined ? [] : others.map(({ id }) => unfit(id, sameNameProblem(owner)))
    if (owner?.id === row.id) return [listed, ...refused]
    return others.some(({ id }) => id === row.id) ? refused : [unfit(row.id, otherSpellingProblem(name)), ...refused]
  })
  return Arr.dedupeWith(rows, (one, other) => one.id === other.id)
}
