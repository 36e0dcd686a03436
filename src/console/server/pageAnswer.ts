import { Effect, Either, type Schema } from "effect"
import type { Page } from "../../operations/lists/Page.ts"
import { attempted, missingOf, type Source, type SourceUnavailable } from "../../operations/SourceUnavailable.ts"
import { type Answered, answering } from "./answers.ts"

const empty = { items: [], next: null }

/** A page, or an empty one with the reason why its source is missing. */
export const pageAnswer = <A, I>(source: Source, schema: Schema.Schema<Answered<Page<A>>, I>) => {
  const answer = answering(schema)
  return <R>(read: Effect.Effect<Page<A>, SourceUnavailable, R>) =>
    Effect.map(attempted(source, read), (page) =>
      answer(
        Either.getOrElse(page, () => empty),
        missingOf([page])
      )
    )
}
