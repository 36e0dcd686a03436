import { type AuthorityOperation, paths } from "./operations.ts"

/** A scripted response. */
export type AuthorityAnswer =
  | {
      readonly _tag: "Answer"
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  /** Sends less than Content-Length and closes the connection. */
  | { readonly _tag: "Truncated" }
  /** Closes the connection without a response. */
  | { readonly _tag: "Closed" }
  /** Never responds. */
  | { readonly _tag: "Silent" }

export const answer = (
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {}
): AuthorityAnswer => ({ _tag: "Answer", status, headers: { "content-type": contentType, ...headers }, body })

export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): AuthorityAnswer =>
  answer(status, "application/json", JSON.stringify(body), headers)

export interface ProblemOptions {
  /** Default 400. */
  readonly status?: number
  readonly detail?: string
  readonly retryAfter?: string
  readonly subproblems?: ReadonlyArray<unknown>
}

/** A problem document of an ACME type such as `rateLimited`; a type with a colon is used as it is. */
export const problem = (type: string, options: ProblemOptions = {}): AuthorityAnswer => {
  const { detail = `it is ${type}`, retryAfter, status = 400, subproblems } = options
  return answer(
    status,
    "application/problem+json",
    JSON.stringify({
      type: type.includes(":") ? type : `urn:ietf:params:acme:error:${type}`,
      status,
      detail,
      ...(subproblems && { subproblems })
    }),
    retryAfter === undefined ? {} : { "retry-after": retryAfter }
  )
}

/** A gateway's HTML error page. */
export const htmlPage = (status: number, headers?: Readonly<Record<string, string>>): AuthorityAnswer =>
  answer(status, "text/html", `<html><body><h1>${status}</h1></body></html>`, headers)

export const truncated: AuthorityAnswer = { _tag: "Truncated" }
export const closed: AuthorityAnswer = { _tag: "Closed" }
export const silent: AuthorityAnswer = { _tag: "Silent" }

const order = (base: string, status: string) => ({
  status,
  expires: "2030-01-02T03:04:05Z",
  identifiers: [{ type: "dns", value: "stand-in.test" }],
  authorizations: [`${base}${paths.authorization}1`],
  finalize: `${base}${paths.finalize}1`,
  ...(status === "valid" && { certificate: `${base}${paths.certificate}1` })
})

const challenge = (base: string, type: string) => ({
  type,
  url: `${base}${paths.challenge}${type}`,
  token: `token-of-${type}`,
  status: "pending"
})

/** Successful responses about a single order, independent of earlier requests. */
export const wellAnswers = (base: string, chain: string): Readonly<Record<AuthorityOperation, AuthorityAnswer>> => ({
  directory: json(200, {
    newNonce: base + paths.nonce,
    newAccount: base + paths["new-account"],
    newOrder: base + paths["new-order"],
    renewalInfo: (base + paths["renewal-info"]).replace(/\/$/, "")
  }),
  nonce: answer(204, "", ""),
  "new-account": json(201, { status: "valid" }, { location: `${base}/my-account/1` }),
  "new-order": json(201, order(base, "pending"), { location: `${base}${paths.order}1` }),
  order: json(200, order(base, "valid")),
  authorization: json(200, {
    identifier: { type: "dns", value: "stand-in.test" },
    status: "pending",
    challenges: [challenge(base, "http-01"), challenge(base, "dns-01")]
  }),
  challenge: json(200, challenge(base, "http-01")),
  finalize: json(200, order(base, "processing"), { "retry-after": "3" }),
  certificate: answer(200, "application/pem-certificate-chain", chain),
  "renewal-info": json(
    200,
    { suggestedWindow: { start: "2029-01-01T00:00:00Z", end: "2029-01-02T00:00:00Z" } },
    { "retry-after": "21600" }
  )
})
