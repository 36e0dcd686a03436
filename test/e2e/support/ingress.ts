import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect } from "effect"
import { RestateClient } from "../../support/stack/Restate.ts"

export interface RawReply {
  readonly status: number
  /** To the byte: callers of Go's protojson refuse an empty body where `{}` is due. */
  readonly text: string
}

/** POSTs a body as it is, JSON or not, to the ingress. */
export const postRaw = (path: string, body: string): Effect.Effect<RawReply, never, RestateClient> =>
  Effect.gen(function* () {
    const { ingress } = yield* RestateClient
    const http = yield* HttpClient.HttpClient
    const request = HttpClientRequest.post(`${ingress}/${path}`).pipe(
      HttpClientRequest.bodyText(body, "application/json")
    )
    const response = yield* http.execute(request)
    return { status: response.status, text: yield* response.text }
  }).pipe(Effect.provide(FetchHttpClient.layer), Effect.orDie)

/** What callers of the control API's DeployService send, to the given key. */
export const postDeployService = (handler: "Deploy" | "Promote" | "Rollback", key: string, body: unknown) =>
  postRaw(`hydra.v1.DeployService/${key}/${handler}`, JSON.stringify(body))

/** All that a refusal has in the body of the ingress. `source` is Restate's own: `ingress` or `invocation`. */
export const refusalMembers = ["code", "message", "source"]

/** The text of a refusal. */
export const messageOf = ({ text }: RawReply): string => {
  const body: unknown = JSON.parse(text)
  return typeof body === "object" && body !== null && "message" in body ? String(body.message) : ""
}
