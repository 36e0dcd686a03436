import { HttpServerResponse } from "@effect/platform"
import { Schema } from "effect"
import type { MissingSource } from "../../operations/SourceUnavailable.ts"

/** The content of an answer. */
export interface Answered<A> {
  readonly data: A
  readonly missing: ReadonlyArray<MissingSource>
}

/** JSON of an answer with this schema. */
export const answering = <A, I>(schema: Schema.Schema<Answered<A>, I>) => {
  const encode = Schema.encodeSync(schema)
  return (data: A, missing: ReadonlyArray<MissingSource> = []): HttpServerResponse.HttpServerResponse =>
    HttpServerResponse.unsafeJson(encode({ data, missing }))
}
