import { Array as Arr, Either, Order } from "effect"
import { type DomainName, domainName, unicodeOf } from "./DomainName.ts"

/** What decides which of several rows of `custom_domains` a name belongs to. */
export interface StoredDomain {
  readonly id: string
  /** The domain as the row has it. */
  readonly stored: string
  readonly isPlatform: boolean
  readonly isVerified: boolean
  /** Primary key. */
  readonly ordinal: number
}

/**
 * The spellings that rows are looked for by: canonical and in Unicode, with and without final dot. What a database takes for
 * equal to one of them, such as another case, is found with it. A row in any other spelling is refused: see `ownershipOf`.
 */
export const lookupSpellings = (name: DomainName): ReadonlyArray<string> =>
  Arr.dedupe([name, `${name}.`, unicodeOf(name), `${unicodeOf(name)}.`])

/** The platform's rows first, then those that are proven, then the older ones. */
const ownerFirst = Order.combineAll([
  Order.mapInput(Order.reverse(Order.boolean), ({ isPlatform }: StoredDomain) => isPlatform),
  Order.mapInput(Order.reverse(Order.boolean), ({ isVerified }: StoredDomain) => isVerified),
  Order.mapInput(Order.number, ({ ordinal }: StoredDomain) => ordinal)
])

/**
 * Of rows that a database found by the spellings of a name, those of the name itself, its owner first. Databases compare with
 * rules of their own, by which text of other names may be equal, so each row is looked at again.
 */
export const rowsOf = <Row extends StoredDomain>(name: DomainName, rows: ReadonlyArray<Row>): ReadonlyArray<Row> =>
  Arr.sort(
    rows.filter(({ stored }) => Either.getOrNull(domainName(stored)) === name),
    ownerFirst
  )

const shown = (stored: string): string => JSON.stringify(stored.toWellFormed())

/** Why a row is refused whose name belongs to the row with this spelling. */
export const sameNameProblem = (owner: StoredDomain): string =>
  owner.isPlatform
    ? "it belongs to the platform itself"
    : `the same domain was added before as ${shown(owner.stored)}; remove one of the two`

/** Why a row is refused that nothing finds by its name. */
export const otherSpellingProblem = (name: DomainName): string =>
  `it is another spelling of ${name}; add it in that spelling`
