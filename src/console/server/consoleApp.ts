import { FileSystem, HttpIncomingMessage, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Cause, Duration, Effect, Option } from "effect"
import { SourceTimeout } from "../../operations/SourceUnavailable.ts"
import { ApiProblem, answerProblem } from "./ApiProblem.ts"
import { apiRoutes } from "./apiRoutes.ts"
import { CurrentUser, identify } from "./identify.ts"
import { type LoginLimit, makeLoginLimit } from "./LoginLimit.ts"
import { getLogin, postLogin, postLogout } from "./login.ts"
import { loginStyle } from "./loginPage.ts"
import { type PageFiles, pageFile } from "./pageFiles.ts"
import { securityHeaders } from "./securityHeaders.ts"

/** Requests of the API that run at once. Further ones are refused: pages read again by themselves. */
const maxConcurrent = 16
/** A reading page waits no longer for one source. Some answers take several reads. */
const sourceTimeout = Duration.seconds(5)
const requestTimeout = Duration.seconds(20)
const maxBody = FileSystem.Size(4096)

const notFound = new ApiProblem({ status: 404, error: "there is no such resource" })
const methodNotAllowed = new ApiProblem({ status: 405, error: "the method is not allowed here" })
const busy = new ApiProblem({ status: 503, error: "too many requests of the console run at once" })
const tooSlow = new ApiProblem({ status: 503, error: `no answer within ${Duration.format(requestTimeout)}` })
const unexpected = new ApiProblem({ status: 500, error: "failed unexpectedly: the worker's log has a line" })

const pathOf = (url: string): string => URL.parse(url, "http://console")?.pathname ?? "/"

const api = (limit: LoginLimit, running: Effect.Semaphore) =>
  Effect.gen(function* () {
    const user = yield* identify(limit)
    const answered = Effect.provideService(apiRoutes, CurrentUser, user).pipe(
      Effect.provideService(SourceTimeout, sourceTimeout),
      Effect.catchTag("RouteNotFound", () => notFound),
      Effect.timeoutFail({ duration: requestTimeout, onTimeout: () => tooSlow }),
      running.withPermitsIfAvailable(1)
    )
    return yield* Effect.flatMap(answered, Option.match({ onNone: () => busy, onSome: Effect.succeed }))
  })

const pages = (files: PageFiles, limit: LoginLimit, method: string, path: string) => {
  if (path === "/login") return method === "POST" ? postLogin(limit) : getLogin
  if (path === "/login.css") return Effect.succeed(loginStyle)
  if (path === "/logout") return method === "POST" ? postLogout : methodNotAllowed
  return method === "GET" || method === "HEAD" ? pageFile(files, path) : methodNotAllowed
}

const appOf = (files: PageFiles, limit: LoginLimit, running: Effect.Semaphore) =>
  Effect.gen(function* () {
    const { method, url } = yield* HttpServerRequest.HttpServerRequest
    const path = pathOf(url)
    return yield* path.startsWith("/api/") ? api(limit, running) : pages(files, limit, method, path)
  }).pipe(
    Effect.catchTag("ApiProblem", answerProblem),
    Effect.catchAllDefect((defect) =>
      Effect.zipRight(
        Effect.logError("A request of the console failed unexpectedly", Cause.die(defect)),
        answerProblem(unexpected)
      )
    ),
    Effect.map(HttpServerResponse.setHeaders(securityHeaders)),
    HttpIncomingMessage.withMaxBodySize(Option.some(maxBody))
  )

/** The console over HTTP: the API for authenticated users, the login, and the page's files for all. */
export const makeConsoleApp = (files: PageFiles) =>
  Effect.map(Effect.all([makeLoginLimit, Effect.makeSemaphore(maxConcurrent)]), ([limit, running]) =>
    appOf(files, limit, running)
  )
