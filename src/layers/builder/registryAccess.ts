import { HttpClient, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import { Duration, Effect, Either, type Layer, Option, Redacted, Schema, Stream } from "effect"
import { withoutScheme } from "../../names/imageReference.ts"
import { RegistryUnavailable } from "../../services/builds/ImageRegistry.ts"
import { tokenAddress } from "../ImageRegistryHttp.ts"
import { bareHost } from "../outbound/addresses.ts"
import { outboundHttpClient } from "../outbound/asHttpClient.ts"
import { registry as bounds } from "../outbound/bounds.ts"
import type { Registry } from "./Registry.ts"

/**
 * How a registry authenticates, from its response to a request without credentials: with tokens per repository, with basic
 * authentication, or not at all.
 */
export type RegistryAccess =
  | { readonly _tag: "Tokens"; readonly address: string }
  | { readonly _tag: "Passwords" }
  | { readonly _tag: "Open" }

export interface RegistryToken {
  readonly token: Redacted.Redacted
  readonly expiresInSeconds: number
}

/** One request; BuildKit waits a minute for a token (`sessionAuthTimeout`). */
const requestTimeout = Duration.seconds(8)
/** Tokens are JWTs of a few kilobytes. */
const maxAnswer = 64 * 1024
/** Lifetime of a token without `expires_in`, in seconds (Distribution token specification). */
const defaultLife = 60

// The token has one of two names; some servers send both (Distribution token specification).
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
    // The cause contains the request with the password.
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

/** Docker Hub's API has another host than its image names. */
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
    // The password is sent there, so plain HTTP only if the operator allowed it.
    if (Option.isSome(address) && (insecure || address.value.startsWith("https:"))) {
      return Either.right({ _tag: "Tokens", address: address.value })
    }
    return /(?:^|,)\s*basic\s/i.test(challenge) && Option.isNone(address)
      ? Either.right({ _tag: "Passwords" })
      : Either.left(new RegistryUnavailable({ reason: "unexpected-answer", status }))
  }

/** An HTTP client for a registry and the token server it names, bounded and without redirects. */
export const RegistryHttp = ({ url }: Registry): Layer.Layer<HttpClient.HttpClient> => {
  const host = apiHost(url)
  const configuredHost = URL.canParse(`https://${host}`) ? bareHost(new URL(`https://${host}`).hostname) : host
  return outboundHttpClient({ bounds, configuredHost })
}

/** Determines how the registry authenticates. */
export const registryAccess = (
  registry: Registry
): Effect.Effect<RegistryAccess, RegistryUnavailable, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const root = `://${apiHost(registry.url)}/v2/`
    const ask = (scheme: string) => limited(Effect.scoped(http.execute(HttpClientRequest.get(`${scheme}${root}`))))
    // An insecure registry usually serves plain HTTP and does not respond to HTTPS.
    const answer = yield* registry.insecure ? Effect.orElse(ask("http"), () => ask("https")) : ask("https")
    return yield* accessOf(registry)(answer)
  }).pipe(Effect.withSpan("Registry.access"))

/**
 * A token for these scopes, such as `repository:acme/shop:pull,push` (Distribution token specification). Null credentials
 * request an anonymous token, for public images.
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
