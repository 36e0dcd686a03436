import { Array as Arr, Either, Order } from "effect"
import { type DomainName, domainName, unicodeOf } from "./DomainName.ts"

/** The columns of `custom_domains` that determine which row owns a name. */
export interface StoredDomain {
  readonly id: string
  /** The text of the row's domain. */
  readonly stored: string
  readonly isPlatform: boolean
  readonly isVerified: boolean
  /** Primary key. */
  readonly ordinal: number
}

/**
 * The spellings used to find rows: canonical and Unicode, with and without final dot. The database's collation also matches
 * other cases. A row in any other spelling is rejected: see `ownershipOf`.
 */
export const lookupSpellings = (name: DomainName): ReadonlyArray<string> =>
  Arr.dedupe([name, `${name}.`, unicodeOf(name), `${unicodeOf(name)}.`])

/** The platform's rows first, then verified ones, then older ones. */
const ownerFirst = Order.combineAll([
  Order.mapInput(Order.reverse(Order.boolean), ({ isPlatform }: StoredDomain) => isPlatform),
  Order.mapInput(Order.reverse(Order.boolean), ({ isVerified }: StoredDomain) => isVerified),
  Order.mapInput(Order.number, ({ ordinal }: StoredDomain) => ordinal)
])

/**
 * The rows of the name itself among rows that a database found by its spellings, the owner first. A database's collation may
 * match other names, so each row is checked again.
 */
export const rowsOf = <Row extends StoredDomain>(name: DomainName, rows: ReadonlyArray<Row>): ReadonlyArray<Row> =>
  Arr.sort(
    rows.filter(({ stored }) => Either.getOrNull(domainName(stored)) === name),
    ownerFirst
  )

const shown = (stored: string): string => JSON.stringify(stored.toWellFormed())

/** The reason to reject a row whose name belongs to the row with this spelling. */
export const sameNameProblem = (owner: StoredDomain): string =>
  owner.isPlatform
    ? "it belongs to the platform itself"
    : `the same domain was added before as ${shown(owner.stored)}; remove one of the two`

/** The reason to reject a row that no lookup by name finds. */
export const otherSpellingProblem = (name: DomainName): string =>
  `it is another spelling of ${name}; add it in that spelling`
