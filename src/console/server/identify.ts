import { BlockList, isIP } from "node:net"
import { type Headers, HttpServerRequest } from "@effect/platform"
import { Clock, Context, Effect, Option, type Redacted } from "effect"
import { ApiProblem } from "./ApiProblem.ts"
import { ConsoleSettings } from "./ConsoleSettings.ts"
import type { LoginLimit } from "./LoginLimit.ts"
import { isSession, isToken, sessionCookie } from "./session.ts"

/** Who sends a request. */
export interface User {
  /** As the proxy names it; null for the holder of the token. */
  readonly name: string | null
  readonly address: string
}

/** The authenticated user of the current request. */
export class CurrentUser extends Context.Tag("ctrl-worker/ConsoleUser")<CurrentUser, User>() {}

/** The peer's address. IPv4 in the notation of IPv6, as on a dual-stack socket, is IPv4. */
export const addressOf = ({ remoteAddress }: HttpServerRequest.HttpServerRequest): string =>
  Option.getOrElse(remoteAddress, () => "unknown").replace(/^::ffff:(?=\d+\.)/i, "")

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4")

/** Whether an address is one of these addresses and networks in CIDR notation. */
export const isAmong = (networks: ReadonlyArray<string>): ((address: string) => boolean) => {
  const list = new BlockList()
  for (const network of networks) {
    const [base = "", prefix] = network.split("/")
    if (prefix === undefined) list.addAddress(base, familyOf(base))
    else list.addSubnet(base, Number(prefix), familyOf(base))
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
}

const maxName = 128

const namedBy = (headers: Headers.Headers, header: string): string | undefined => {
  const name = headers[header]?.trim()
  return name === undefined || name === "" || name.length > maxName ? undefined : name
}

const bearerOf = (headers: Headers.Headers): string | undefined =>
  /^Bearer +(\S.*)$/i.exec(headers.authorization ?? "")?.[1]?.trim()

const refused = (error: string) => new ApiProblem({ status: 401, error })

export const tooManyAttempts = new ApiProblem({
  status: 429,
  error: "too many failed logins from this address: wait a minute"
})

/** Checks a presented token, as often as the limit allows. */
export const checkToken = (limit: LoginLimit, token: Redacted.Redacted, address: string, presented: string) =>
  Effect.gen(function* () {
    if (yield* limit.isRefused(address)) return yield* tooManyAttempts
    if (isToken(token, presented)) return
    yield* limit.recordFailure(address)
    yield* Effect.annotateLogs(Effect.logWarning("A login to the console failed"), {
      event: "console.login_refused",
      address
    })
    return yield* refused("the token is wrong")
  })

/** The user of a request: named by a trusted proxy, else by a session, else by the token. */
export const identify = (limit: LoginLimit) =>
  Effect.gen(function* () {
    const { token, trustedProxies, userHeader } = yield* ConsoleSettings
    const request = yield* HttpServerRequest.HttpServerRequest
    const address = addressOf(request)
    const isTrusted = isAmong(trustedProxies)
    const name =
      Option.isSome(userHeader) && isTrusted(address) ? namedBy(request.headers, userHeader.value) : undefined
    if (name !== undefined) return { name, address } satisfies User
    if (Option.isNone(token)) return yield* refused("no trusted proxy names a user")
    const session = request.cookies[sessionCookie]
    if (session !== undefined && isSession(token.value, session, yield* Clock.currentTimeMillis))
      return { name: null, address } satisfies User
    const bearer = bearerOf(request.headers)
    if (bearer === undefined) return yield* refused("log in first")
    yield* checkToken(limit, token.value, address, bearer)
    return { name: null, address } satisfies User
  })
