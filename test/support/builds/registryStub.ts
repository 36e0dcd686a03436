import { HttpClient, type HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Effect, Layer } from "effect"

export interface AskedRegistry {
  readonly url: string
  readonly authorization: string | undefined
}

const answerOf = ({ url }: HttpClientRequest.HttpClientRequest, challenge: string): Response =>
  url.includes("/v2/")
    ? new Response("", { status: 401, headers: { "www-authenticate": challenge } })
    : Response.json({ token: `token-for-${new URL(url).searchParams.getAll("scope").join("+")}` })

/**
 * An HTTP client on which every registry uses token authentication, or the given challenge, and every token server issues the
 * requested token. Records requests.
 */
export const registryStub = (challenge = 'Bearer realm="https://auth.example.com/token",service="images"') => {
  const asked: Array<AskedRegistry> = []
  const http = HttpClient.make((request) =>
    Effect.sync(() => {
      asked.push({ url: request.url, authorization: request.headers.authorization })
      return HttpClientResponse.fromWeb(request, answerOf(request, challenge))
    })
  )
  return { asked, http: Layer.succeed(HttpClient.HttpClient, http) }
}
