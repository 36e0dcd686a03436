import { HttpClient, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import { Duration, Effect, Either, type Layer, Option, Redacted, Schema, Stream } from "effect"
import { withoutScheme } from "../../names/imageReference.ts"
import { RegistryUnavailable } from "../../services/ImageRegistry.ts"
import { tokenAddress } from "../ImageRegistryHttp.ts"
import { bareHost } from "../outbound/addresses.ts"
import { outboundHttpClient } from "../outbound/asHttpClient.ts"
import { registry as bounds } from "../outbound/bounds.ts"
import type { Registry } from "./Registry.ts"

/**
 * How a registry lets in who has credentials, as its API's root says to a request without any: by tokens that are fetched
 * for a repository, by the password in each request, or it lets in everyone.
 */
export type RegistryAccess =
  | { readonly _tag: "Tokens"; readonly address: string }
  | { readonly _tag: "Passwords" }
  | { readonly _tag: "Open" }

export interface RegistryToken {
  readonly token: Redacted.Redacted
  readonly expiresInSeconds: number
}

/** One request; the daemon waits a minute for the answer to a token (`sessionAuthTimeout` of BuildKit). */
const requestTimeout = Duration.seconds(8)
/** Tokens are signed claims of some kilobytes. */
const maxAnswer = 64 * 1024
/** What a token without `expires_in` lives (Distribution token specification). */
const defaultLife = 60

// Either name of the token; some servers have both (Distribution token specification).
const TokenAnswer = Schema.parseJson(
  Schema.Struct({
    token: Schema.optional(Schema.NonEmptyString),
    access_token: Schema.optional(Schema.NonEmptyString),
    expires_in: Schema.optional(Schema.NonNegative)
  })
)

const refused = (status: number) =>
  status === 401 || status === 403
    ? new RegistryUnavailable({ reason: "denied", status })
    : new RegistryUnavailable({ reason: status >= 500 || status === 429 ? "unavailable" : "unexpected-answer", status })

const limited = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    // The cause holds the request, with the password.
    Effect.mapError((error) =>
      error instanceof RegistryUnavailable ? error : new RegistryUnavailable({ reason: "unreachable" })
    ),
    Effect.timeoutFail({
      duration: requestTimeout,
      onTimeout: () => new RegistryUnavailable({ reason: "timeout" })
    })
  )

const textOf = (response: HttpClientResponse.HttpClientResponse) =>
  Stream.runFoldEffect(response.stream, Buffer.alloc(0), (read, chunk) =>
    read.length + chunk.length > maxAnswer
      ? new RegistryUnavailable({ reason: "unexpected-answer", status: response.status })
      : Effect.succeed(Buffer.concat([read, chunk]))
  ).pipe(Effect.map((bytes) => bytes.toString("utf8")))

/** Docker Hub's API is not at the name that its images have. */
const apiHost = (url: string): string => {
  const [host = ""] = withoutScheme(url).split("/", 1)
  return /^(?:index\.)?docker\.io$/.test(host) ? "registry-1.docker.io" : host
}

const accessOf =
  ({ insecure }: Registry) =>
  ({ headers, status }: HttpClientResponse.HttpClientResponse): Either.Either<RegistryAccess, RegistryUnavailable> => {
    if (status === 200) return Either.right({ _tag: "Open" })
    const challenge = headers["www-authenticate"] ?? ""
    if (status !== 401) return Either.left(refused(status))
    const address = tokenAddress(challenge)
    // The password goes there: not to where the network could read it, unless the operator said so.
    if (Option.isSome(address) && (insecure || address.value.startsWith("https:"))) {
      return Either.right({ _tag: "Tokens", address: address.value })
    }
    return /(?:^|,)\s*basic\s/i.test(challenge) && Option.isNone(address)
      ? Either.right({ _tag: "Passwords" })
      : Either.left(new RegistryUnavailable({ reason: "unexpected-answer", status }))
  }

/** HTTP to a registry and to the token server that it names, bounded and without redirects. */
export const RegistryHttp = ({ url }: Registry): Layer.Layer<HttpClient.HttpClient> => {
  const host = apiHost(url)
  const namedBy = URL.canParse(`https://${host}`) ? bareHost(new URL(`https://${host}`).hostname) : host
  return outboundHttpClient({ bounds, namedBy })
}

/** Asks the registry how it lets in. */
export const registryAccess = (
  registry: Registry
): Effect.Effect<RegistryAccess, RegistryUnavailable, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const root = `://${apiHost(registry.url)}/v2/`
    const ask = (scheme: string) => limited(Effect.scoped(http.execute(HttpClientRequest.get(`${scheme}${root}`))))
    // An insecure registry is on plain HTTP more often than not, and says nothing on the other.
    const answer = yield* registry.insecure ? Effect.orElse(ask("http"), () => ask("https")) : ask("https")
    return yield* accessOf(registry)(answer)
  }).pipe(Effect.withSpan("Registry.access"))

/**
 * A token for these scopes, such as `repository:acme/shop:pull,push` (Distribution token specification). Null asks
 * anonymously, for what is public.
 */
export const fetchToken = (
  address: string,
  scopes: ReadonlyArray<string>,
  credentials: Pick<Registry, "username" | "password"> | null
): Effect.Effect<RegistryToken, RegistryUnavailable, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const url = new URL(address)
    for (const scope of scopes) url.searchParams.append("scope", scope)
    const request = HttpClientRequest.get(url.href)
    const response = yield* http.execute(
      credentials === null
        ? request
        : HttpClientRequest.basicAuth(request, credentials.username, Redacted.value(credentials.password))
    )
    if (response.status !== 200) return yield* refused(response.status)
    const answer = Schema.decodeEither(TokenAnswer)(yield* textOf(response))
    const token = Either.isRight(answer) ? (answer.right.token ?? answer.right.access_token) : undefined
    if (Either.isLeft(answer) || token === undefined) {
      return yield* new RegistryUnavailable({ reason: "unexpected-answer", status: response.status })
    }
    return { token: Redacted.make(token), expiresInSeconds: answer.right.expires_in ?? defaultLife }
  }).pipe(Effect.scoped, limited, Effect.withSpan("Registry.fetchToken"))
