import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer, Ref, Schema } from "effect"
import { build } from "esbuild"
import type { Browser } from "playwright-core"
import { consolePage, pageBuild } from "../../../../dev/image/bundlePage.ts"
import { RunDirectoryLive } from "../../../../dev/stack/RunDirectory.ts"
import type { AnswerJson, Missing, PageJson } from "../../../../src/console/api/Answer.ts"
import { AboutAnswer } from "../../../../src/console/api/about.ts"
import { BuildAnswer, BuildsAnswer } from "../../../../src/console/api/builds.ts"
import { BuildLogAnswer, DeploymentAnswer, DeploymentsAnswer } from "../../../../src/console/api/deployments.ts"
import { CertificatesAnswer, DomainAnswer, DomainsAnswer } from "../../../../src/console/api/domains.ts"
import { InvocationAnswer, InvocationsAnswer, ServicesAnswer } from "../../../../src/console/api/invocations.ts"
import { securityHeaders } from "../../../../src/console/server/securityHeaders.ts"
import { launchBrowser } from "../../../support/browser/browser.ts"
import * as answers from "./answers.ts"

/** What the fixture's server answers beside its data. */
export interface ConsoleState {
  readonly actions: boolean
  readonly missing: ReadonlyArray<Missing>
  readonly isLoggedIn: boolean
  /** Lists without rows. */
  readonly isEmpty: boolean
  /** Status of the running deployment. */
  readonly deploymentStatus: string
  /** Restate's answer to actions; empty: accepted. */
  readonly refusal: string
}

export const initialState: ConsoleState = {
  actions: true,
  missing: [],
  isLoggedIn: true,
  isEmpty: false,
  deploymentStatus: "deploying",
  refusal: ""
}

export interface ReceivedAction {
  readonly path: string
  readonly intended: string | undefined
}

/** A server with the built page and answers as the console's API gives them, and a browser. */
export class ConsoleFixture extends Context.Tag("test/console/page/ConsoleFixture")<
  ConsoleFixture,
  {
    readonly browser: Browser
    readonly origin: string
    readonly state: Ref.Ref<ConsoleState>
    readonly received: Ref.Ref<ReadonlyArray<ReceivedAction>>
    /** Paths and queries of the API that were requested. */
    readonly requests: Ref.Ref<ReadonlyArray<string>>
  }
>() {}

const json = (body: unknown, status = 200) => HttpServerResponse.unsafeJson(body, { status })

/** An answer that the API's schema has accepted, as the real server's are. */
const answer = <A, I>(schema: Schema.Schema<A, I>, body: I) => {
  Schema.decodeSync(schema)(body)
  return json(body)
}

const page = <A>(items: ReadonlyArray<A>, { isEmpty }: ConsoleState, next: string | null = null): PageJson<A> => ({
  items: isEmpty ? [] : items,
  next: isEmpty ? null : next
})

type Query = URLSearchParams

const listAnswer = (
  name: string,
  query: Query,
  state: ConsoleState
): HttpServerResponse.HttpServerResponse | undefined => {
  const of = <A>(data: A): AnswerJson<A> => ({ data, missing: state.missing })
  const status = query.get("status")
  switch (name) {
    case "about":
      return answer(AboutAnswer, of({ ...answers.about, actions: state.actions }))
    case "services":
      return answer(ServicesAnswer, of(["hydra.v1.CertificateService", "hydra.v1.DeployService"]))
    case "invocations": {
      const q = query.get("q") ?? ""
      const found = answers.invocations.filter(({ id, key }) => q === "" || id === q || key === q)
      const isLast = q !== "" || query.has("after")
      return answer(InvocationsAnswer, of(page(isLast ? found.slice(-1) : found, state, isLast ? null : "older")))
    }
    case "deployments":
      return answer(
        DeploymentsAnswer,
        of(
          page(
            answers.deployments.filter((row) => status === null || row.status === status),
            state
          )
        )
      )
    case "domains":
      return answer(DomainsAnswer, of(page(answers.domains, state)))
    case "certificates":
      return answer(CertificatesAnswer, of(page(answers.certificates, state)))
    case "builds":
      return answer(BuildsAnswer, of(page(answers.builds, state)))
    default:
      return undefined
  }
}

const withStatus = (page: (typeof answers.deploymentPages)[number], status: string) =>
  page.id !== "d_W1sxMKKS" || page.deployment === null
    ? page
    : { ...page, deployment: { ...page.deployment, status }, waitsFor: status === "ready" ? null : page.waitsFor }

const subjectAnswer = (
  name: string,
  id: string,
  query: Query,
  state: ConsoleState
): HttpServerResponse.HttpServerResponse | undefined => {
  const of = <A>(data: A): AnswerJson<A> => ({ data, missing: state.missing })
  switch (name) {
    case "invocations": {
      const found = answers.invocationPages.find(({ invocation }) => invocation.id === id)
      return found === undefined ? undefined : answer(InvocationAnswer, of(found))
    }
    case "deployments": {
      const found = answers.deploymentPages.find((one) => one.id === id)
      return found === undefined ? undefined : answer(DeploymentAnswer, of(withStatus(found, state.deploymentStatus)))
    }
    case "log": {
      const log = answers.buildLogs[query.has("after") ? 1 : 0]
      return log === undefined ? undefined : answer(BuildLogAnswer, of(log))
    }
    case "domains":
    case "certificates":
      return id === answers.domainPage.name ? answer(DomainAnswer, of(answers.domainPage)) : undefined
    case "builds":
      return id === answers.buildPage.id ? answer(BuildAnswer, of(answers.buildPage)) : undefined
    default:
      return undefined
  }
}

const unknown = json({ error: "there is no such subject", suggestions: ["d_W1sxMKKS"] }, 404)

const handle = (fixture: Pick<Context.Tag.Service<ConsoleFixture>, "state" | "received" | "requests">) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { pathname, search, searchParams } = new URL(request.url, "http://console")
    const state = yield* Ref.get(fixture.state)
    yield* Ref.update(fixture.requests, (all) => [...all, pathname + search])
    if (!state.isLoggedIn) return json({ error: "log in first", suggestions: [] }, 401)
    const [, , name = "", id, more] = pathname.split("/").map(decodeURIComponent)
    if (request.method === "POST") {
      const intended = request.headers["x-console-action"]
      yield* Ref.update(fixture.received, (all) => [...all, { path: pathname, intended }])
      const data =
        state.refusal === "" ? { outcome: "accepted", reason: null } : { outcome: "refused", reason: state.refusal }
      return json({ data, missing: [] })
    }
    if (id === undefined) return listAnswer(name, searchParams, state) ?? unknown
    return subjectAnswer(more === "log" ? "log" : name, id, searchParams, state) ?? unknown
  })

/** The page's files, as `npm run build` makes them. */
const pageFiles = Effect.promise(async () => {
  const { outputFiles } = await build({ ...pageBuild(consolePage), write: false })
  return new Map(outputFiles.map(({ path, text }) => [path.replace(/^.*\//, ""), text]))
})

const routes = (files: ReadonlyMap<string, string>, document: string, fixture: Parameters<typeof handle>[0]) =>
  HttpRouter.empty.pipe(
    HttpRouter.get("/main.js", HttpServerResponse.text(files.get("main.js") ?? "", { contentType: "text/javascript" })),
    HttpRouter.get("/style.css", HttpServerResponse.text(files.get("style.css") ?? "", { contentType: "text/css" })),
    HttpRouter.get(
      "/login",
      HttpServerResponse.text("<!doctype html><title>Log in</title>", { contentType: "text/html" })
    ),
    HttpRouter.all("/api/*", handle(fixture)),
    HttpRouter.get("*", HttpServerResponse.text(document, { contentType: "text/html; charset=utf-8" })),
    Effect.map(HttpServerResponse.setHeaders(securityHeaders))
  )

export const consoleFixture = Layer.unwrapScoped(
  Effect.gen(function* () {
    const fixture = {
      state: yield* Ref.make(initialState),
      received: yield* Ref.make<ReadonlyArray<ReceivedAction>>([]),
      requests: yield* Ref.make<ReadonlyArray<string>>([])
    }
    const files = yield* pageFiles
    const document = yield* Effect.promise(() => readFile(`${consolePage}/index.html`, "utf8"))
    const browser = yield* launchBrowser
    const service = HttpServer.addressFormattedWith((origin) => Effect.succeed({ ...fixture, browser, origin }))
    return Layer.merge(HttpServer.serve(routes(files, document, fixture)), Layer.effect(ConsoleFixture, service)).pipe(
      Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
    )
  })
).pipe(Layer.provide(RunDirectoryLive))
