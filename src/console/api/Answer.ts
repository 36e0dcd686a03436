import { Schema } from "effect"
import { Page } from "../../operations/lists/Page.ts"
import { MissingSource } from "../../operations/SourceUnavailable.ts"

/** What every successful answer has: the data, and the sources that did not answer. */
export const Answer = <A, I>(data: Schema.Schema<A, I>) => Schema.Struct({ data, missing: Schema.Array(MissingSource) })

/** An answer with a page of a list. The page is empty if its source is missing. */
export const PageAnswer = <A, I>(item: Schema.Schema<A, I>) => Answer(Page(item))

/** The body of every answer with a status of 400 or more. */
export const ErrorAnswer = Schema.Struct({ error: Schema.String, suggestions: Schema.Array(Schema.String) })

export type Missing = typeof MissingSource.Encoded
export type ErrorJson = typeof ErrorAnswer.Encoded

/** JSON of an answer. */
export interface AnswerJson<Data> {
  readonly data: Data
  readonly missing: ReadonlyArray<Missing>
}

/** JSON of a page of a list. */
export interface PageJson<Item> {
  readonly items: ReadonlyArray<Item>
  readonly next: string | null
}
