import { Option, Schema } from "effect"
import { type AcmeOperation, AcmeProblem } from "../../services/Acme.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import type { Answer } from "./exchange.ts"
import { retryAfter } from "./retryAfter.ts"

const acmeNamespace = "urn:ietf:params:acme:error:"
const longestText = 500
/** An order of ours has one or two names; and a problem of any size must fit into a journal's entry. */
const mostSubproblems = 25

const text = Schema.optionalWith(Schema.String, { default: () => "" })

/** RFC 7807 section 3.1: every member may be missing, and a missing type is `about:blank`. */
export const ProblemDocument = Schema.Struct({
  type: Schema.optionalWith(Schema.String, { default: () => "about:blank" }),
  detail: text,
  subproblems: Schema.optionalWith(
    Schema.Array(
      Schema.Struct({
        type: text,
        detail: text,
        identifier: Schema.optional(Schema.Struct({ value: Schema.String }))
      })
    ),
    { default: () => [] }
  )
})
export type ProblemDocument = typeof ProblemDocument.Type

const cut = (value: string): string => firstCodePoints(value, longestText)

/** `rateLimited` for `urn:ietf:params:acme:error:rateLimited`; a type that is not of ACME stays whole. */
const problemType = (type: string): string =>
  cut(type.startsWith(acmeNamespace) ? type.slice(acmeNamespace.length) : type)

/** What a problem inside an order or a challenge says. */
export const innerProblem = ({ detail, type }: Pick<ProblemDocument, "detail" | "type">) => ({
  type: problemType(type),
  detail: cut(detail)
})

/** Some CAs send their problems as plain JSON; the type then tells them from any other object. */
const documentOf = ({ contentType, data }: Answer): Option.Option<ProblemDocument> =>
  Option.filter(
    Schema.decodeUnknownOption(ProblemDocument)(data),
    ({ type }) => contentType === "application/problem+json" || type.startsWith(acmeNamespace)
  )

/** A gateway in front of a CA limits without knowing ACME; the status (RFC 6585 section 4) says all there is to know. */
const limitedWithoutDocument: ProblemDocument = {
  type: `${acmeNamespace}rateLimited`,
  detail: "too many requests, without a problem document",
  subproblems: []
}

/** The problem that an answer states, when it states one. `now` in Unix milliseconds. */
export const problemOf = (operation: AcmeOperation, answer: Answer, now: number): Option.Option<AcmeProblem> =>
  documentOf(answer).pipe(
    Option.orElse(() => (answer.status === 429 ? Option.some(limitedWithoutDocument) : Option.none())),
    Option.map(
      (document) =>
        new AcmeProblem({
          operation,
          ...innerProblem(document),
          status: answer.status,
          subproblems: document.subproblems.slice(0, mostSubproblems).map(({ detail, identifier, type }) => ({
            type: problemType(type),
            identifier: identifier === undefined ? null : cut(identifier.value),
            detail: cut(detail)
          })),
          retryAfter: retryAfter(answer.headers["retry-after"], now)
        })
    )
  )
