import { Schema } from "effect"

/** A page of a list. */
export const Page = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({
    items: Schema.Array(item),
    /** The `after` of the next page; null at the end of the list. */
    next: Schema.NullOr(Schema.String)
  })

export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next: string | null
}

/** Which page is asked for. */
export interface PageRequest {
  /** `next` of the page before. Undefined: the first page. */
  readonly after: string | undefined
  readonly limit: number
}

/** The first `limit` of one row more than the page has, with the key of the last one as the next page's start. */
export const pageFrom = <A>(rows: ReadonlyArray<A>, limit: number, keyOf: (row: A) => string): Page<A> => {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null }
}
