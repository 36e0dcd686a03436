import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { type Page, type PageRequest, pageFrom } from "../../operations/lists/Page.ts"

/** The primary key of a row, which a page ends with. */
interface Keyed {
  readonly pk: number
}

const isKey = (after: string): boolean => /^\d{1,19}$/.test(after)

/**
 * A page by the primary key, newest rows first. The keys are selected first, in a table of their own: an index on the filtered
 * column has all that this needs, in the right order, because every secondary index of InnoDB ends with the primary key. Of a
 * SELECT with joins, MySQL's planner may read every row of a common status.
 */
export const newestFirst = (sql: SqlClient, { after, limit }: PageRequest) => {
  // Inlined as a number: a parameter is sent as a string, which makes the server compare as floats.
  const isOlder = after === undefined ? "TRUE" : isKey(after) ? `pk < ${after}` : "FALSE"
  // One row more than the page has says whether there is a next page.
  const order = `ORDER BY pk DESC LIMIT ${Math.trunc(limit) + 1}`
  return {
    /** A derived table with the column `pk`. */
    keys: (table: Fragment, conditions: ReadonlyArray<Fragment>) =>
      sql`(SELECT pk FROM ${table} WHERE ${sql.and([sql.literal(isOlder), ...conditions])} ${sql.literal(order)})`,
    page: <Row extends Keyed, A>(rows: ReadonlyArray<Row>, itemOf: (row: Row) => A): Page<A> => {
      const { items, next } = pageFrom(rows, limit, ({ pk }) => String(pk))
      return { items: items.map(itemOf), next }
    }
  }
}
