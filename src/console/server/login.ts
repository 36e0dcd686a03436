import { HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Clock, Duration, Effect, Option, Redacted, Schema } from "effect"
import { ApiProblem } from "./ApiProblem.ts"
import { ConsoleSettings } from "./ConsoleSettings.ts"
import { addressOf, checkToken } from "./identify.ts"
import type { LoginLimit } from "./LoginLimit.ts"
import { loginPage } from "./loginPage.ts"
import { requireSameOrigin } from "./sameOrigin.ts"
import { makeSession, sessionCookie, sessionLifetime } from "./session.ts"

const Login = Schema.Struct({
  token: Schema.Redacted(Schema.String.pipe(Schema.maxLength(1024))),
  next: Schema.optional(Schema.String)
})

/** A path of this console. `//host` and `/\host` are addresses of other servers to a browser. */
export const localPath = (next: string | undefined): string =>
  next !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,1000}$/.test(next) ? next : "/"

/** The session's cookie is sent over TLS only where the browser reached the console over TLS. */
const isSecure = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  (headers["x-forwarded-proto"]?.split(",")[0] ?? "").trim() === "https"

const cookieOptions = (request: HttpServerRequest.HttpServerRequest, maxAge: Duration.Duration) => ({
  httpOnly: true,
  sameSite: "strict" as const,
  path: "/",
  secure: isSecure(request),
  maxAge
})

const invalid = new ApiProblem({ status: 400, error: "expected a token" })
const noLogin = new ApiProblem({ status: 404, error: "there is no login: console.token is not set" })

const isForm = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  (headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")

const loggedIn = (request: HttpServerRequest.HttpServerRequest, next: string | undefined) =>
  isForm(request)
    ? HttpServerResponse.redirect(localPath(next), { status: 303 })
    : HttpServerResponse.empty({ status: 204 })

/** Answers a wrong form with the form, and anything else with JSON. */
const refusedLogin =
  (request: HttpServerRequest.HttpServerRequest, next: string | undefined) => (problem: ApiProblem) =>
    isForm(request)
      ? Effect.succeed(loginPage({ problem: problem.error, next: localPath(next), status: problem.status }))
      : problem

/** `POST /login`: a session for the token, as a form or as JSON. */
export const postLogin = (limit: LoginLimit) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { token } = yield* ConsoleSettings
    if (Option.isNone(token)) return yield* noLogin
    yield* requireSameOrigin(request.headers)
    const body = isForm(request)
      ? HttpServerRequest.schemaBodyUrlParams(Login)
      : HttpServerRequest.schemaBodyJson(Login)
    const { next, token: presented } = yield* Effect.mapError(body, () => invalid)
    const address = addressOf(request)
    const logIn = Effect.gen(function* () {
      yield* checkToken(limit, token.value, address, Redacted.value(presented))
      yield* Effect.annotateLogs(Effect.logInfo("A user logged in to the console"), { event: "console.login", address })
      const session = makeSession(token.value, yield* Clock.currentTimeMillis)
      return HttpServerResponse.unsafeSetCookie(
        loggedIn(request, next),
        sessionCookie,
        session,
        cookieOptions(request, sessionLifetime)
      )
    })
    return yield* Effect.catchTag(logIn, "ApiProblem", refusedLogin(request, next))
  })

/** `GET /login?next=`. */
export const getLogin = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { token } = yield* ConsoleSettings
  const next = localPath(new URL(request.url, "http://console").searchParams.get("next") ?? undefined)
  const problem = Option.isNone(token) ? "Open the console through its proxy: there is no login with a token." : ""
  return loginPage({ problem, next, status: 200 })
})

/** `POST /logout`: the browser forgets the session. */
export const postLogout = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  yield* requireSameOrigin(request.headers)
  return HttpServerResponse.unsafeSetCookie(
    HttpServerResponse.redirect("/login", { status: 303 }),
    sessionCookie,
    "",
    cookieOptions(request, Duration.zero)
  )
})
