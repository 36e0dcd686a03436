import type { SqlClient } from "@effect/sql/SqlClient"
import { type Page, type PageRequest, pageFrom } from "../../operations/lists/Page.ts"

/** The primary key of a row, which a page ends with. */
interface Keyed {
  readonly pk: number
}

const isKey = (after: string): boolean => /^\d{1,19}$/.test(after)

/**
 * A page by the primary key, newest rows first: what a SELECT needs, and the page of its rows. Every secondary index of InnoDB
 * ends with the primary key, so the same holds for a condition on the columns of one.
 */
export const newestFirst = (sql: SqlClient, { after, limit }: PageRequest) => ({
  /** Inlined as a number: a parameter is sent as a string, which makes the server compare as floats. */
  isOlder: (column: string) =>
    after === undefined ? sql.literal("TRUE") : sql.literal(isKey(after) ? `${column} < ${after}` : "FALSE"),
  /** One row more than the page has, which says whether there is a next page. */
  limit: sql.literal(`${Math.trunc(limit) + 1}`),
  page: <Row extends Keyed, A>(rows: ReadonlyArray<Row>, itemOf: (row: Row) => A): Page<A> => {
    const { items, next } = pageFrom(rows, limit, ({ pk }) => String(pk))
    return { items: items.map(itemOf), next }
  }
})
