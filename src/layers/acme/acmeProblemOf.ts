import { Option, Schema } from "effect"
import { type AcmeOperation, AcmeProblem } from "../../services/certificate/Acme.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import { lastLink, shortenedBeforeLink } from "../../text/links.ts"
import type { AcmeResponse } from "./exchange.ts"
import { retryAfter } from "./retryAfter.ts"

const acmeNamespace = "urn:ietf:params:acme:error:"
const maxText = 500
/** Let's Encrypt's URL that unpauses an account contains a signed token of several hundred characters. */
const maxLink = 2000
/** This worker's orders have one or two names, and a problem must fit into a journal entry. */
const maxSubproblems = 25

const text = Schema.optionalWith(Schema.String, { default: () => "" })

/** RFC 7807 section 3.1: every member may be missing, and a missing type is `about:blank`. */
export const ProblemDocument = Schema.Struct({
  type: Schema.optionalWith(Schema.String, { default: () => "about:blank" }),
  detail: text,
  /** The URL at which an operator has to act (RFC 8555 sections 6.7 and 7.3.3). */
  instance: text,
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

const cut = (value: string): string => firstCodePoints(value, maxText)

/** `rateLimited` for `urn:ietf:params:acme:error:rateLimited`; a type outside that namespace is unchanged. */
const problemType = (type: string): string =>
  cut(type.startsWith(acmeNamespace) ? type.slice(acmeNamespace.length) : type)

/** The URL of a page for operators: `instance` if it is an https URL, else the last one in the text. */
const linkOf = ({ detail, instance }: Pick<ProblemDocument, "detail" | "instance">): string | null => {
  const link = lastLink(instance) ?? lastLink(detail)
  return link !== null && link.length <= maxLink ? link : null
}

/** At most 500 characters, or more if it ends with a URL. */
const detailOf = (document: Pick<ProblemDocument, "detail" | "instance">): string => {
  const link = linkOf(document)
  const { detail } = document
  if (link === null) return cut(detail)
  const whole = detail.includes(link) ? detail : `${detail} ${link}`.trimStart()
  return shortenedBeforeLink(whole, Math.max(maxText, link.length + 2))
}

/** A problem within an order or a challenge. */
export const innerProblem = (document: Pick<ProblemDocument, "detail" | "instance" | "type">) => ({
  type: problemType(document.type),
  detail: detailOf(document)
})

/** Some CAs send problem documents as plain JSON; the `type` member then identifies them. */
const documentOf = ({ contentType, data }: AcmeResponse): Option.Option<ProblemDocument> =>
  Option.filter(
    Schema.decodeUnknownOption(ProblemDocument)(data),
    ({ type }) => contentType === "application/problem+json" || type.startsWith(acmeNamespace)
  )

/** A gateway in front of a CA may return 429 without a problem document (RFC 6585 section 4). */
const limitedWithoutDocument: ProblemDocument = {
  type: `${acmeNamespace}rateLimited`,
  detail: "too many requests, without a problem document",
  instance: "",
  subproblems: []
}

/** The problem of a response, if it has one. `now` in Unix milliseconds. */
export const acmeProblemOf = (
  operation: AcmeOperation,
  answer: AcmeResponse,
  now: number
): Option.Option<AcmeProblem> =>
  documentOf(answer).pipe(
    Option.orElse(() => (answer.status === 429 ? Option.some(limitedWithoutDocument) : Option.none())),
    Option.map(
      (document) =>
        new AcmeProblem({
          operation,
          ...innerProblem(document),
          status: answer.status,
          subproblems: document.subproblems.slice(0, maxSubproblems).map(({ detail, identifier, type }) => ({
            type: problemType(type),
            identifier: identifier === undefined ? null : cut(identifier.value),
            detail: cut(detail)
          })),
          retryAfter: retryAfter(answer.headers["retry-after"], now)
        })
    )
  )
