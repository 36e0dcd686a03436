import { HttpClient, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import { Duration, Effect, Either, type Layer, Option, Redacted, Schema, Stream } from "effect"
import { RegistryUnavailable } from "../../services/builds/ImageRegistry.ts"
import { outboundHttpClient } from "../outbound/asHttpClient.ts"
import { registry as bounds } from "../outbound/bounds.ts"
import type { Registry } from "./Registry.ts"
import { askRoot, configuredHost, failedStatus, mayReceivePassword, tokenAddress } from "./registryEndpoint.ts"

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

const accessOf =
  (registry: Registry) =>
  ({ headers, status }: HttpClientResponse.HttpClientResponse): Either.Either<RegistryAccess, RegistryUnavailable> => {
    if (status === 200) return Either.right({ _tag: "Open" })
    const challenge = headers["www-authenticate"] ?? ""
    if (status !== 401) return Either.left(failedStatus(status))
    const address = tokenAddress(challenge)
    if (Option.isSome(address) && mayReceivePassword(registry, address.value)) {
      return Either.right({ _tag: "Tokens", address: address.value })
    }
    return /(?:^|,)\s*basic\s/i.test(challenge) && Option.isNone(address)
      ? Either.right({ _tag: "Passwords" })
      : Either.left(new RegistryUnavailable({ reason: "unexpected-answer", status }))
  }

/** An HTTP client for a registry and the token server it names, bounded and without redirects. */
export const RegistryHttp = (registry: Registry): Layer.Layer<HttpClient.HttpClient> =>
  outboundHttpClient({ bounds, configuredHost: configuredHost(registry) })

/** Determines how the registry authenticates. */
export const registryAccess = (
  registry: Registry
): Effect.Effect<RegistryAccess, RegistryUnavailable, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const answer = yield* askRoot(registry, (address) =>
      limited(Effect.scoped(http.execute(HttpClientRequest.get(address))))
    )
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
    if (response.status !== 200) return yield* failedStatus(response.status)
    const answer = Schema.decodeEither(TokenAnswer)(yield* textOf(response))
    const token = Either.isRight(answer) ? (answer.right.token ?? answer.right.access_token) : undefined
    if (Either.isLeft(answer) || token === undefined) {
      return yield* new RegistryUnavailable({ reason: "unexpected-answer", status: response.status })
    }
    return { token: Redacted.make(token), expiresInSeconds: answer.right.expires_in ?? defaultLife }
  }).pipe(Effect.scoped, limited, Effect.withSpan("Registry.fetchToken"))
