import { createServer } from "node:http"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { SqlClient } from "@effect/sql/SqlClient"
import { Clock, Context, Duration, Effect, Layer, Ref, Schema } from "effect"
import { inRealTime } from "../stack/RealTime.ts"

export interface FrontlineOptions {
  /** Default: a free port. */
  readonly port?: number
  /** How long it caches whether a host has a route. Default: not at all; the real one caches for up to 30 s. */
  readonly routeMemory?: Duration.DurationInput
}

/** A CA's HTTP-01 request, and the check that ended it. */
export interface ChallengeQuestion {
  readonly host: string
  readonly token: string
  readonly outcome: "answered" | "no route" | "no domain" | "no challenge"
}

/**
 * Simulates frontline and the control API for HTTP-01 requests: the host needs a route, then a custom domain of exactly that
 * name, then a challenge of the same workspace, domain and token.
 */
export class Frontline extends Context.Tag("ctrl-worker/dev/Frontline")<
  Frontline,
  {
    /** On 127.0.0.1, which all names of a test resolve to. */
    readonly port: number
    /** Requests so far, in order. */
    readonly questions: Effect.Effect<ReadonlyArray<ChallengeQuestion>>
  }
>() {}

const hostOf = (header: string | undefined): string => (header ?? "").replace(/:\d+$/, "").toLowerCase()

const hasRoute = (host: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const routes = yield* sql`SELECT id FROM frontline_routes WHERE fully_qualified_domain_name = ${host} LIMIT 1`
    return routes.length > 0
  })

interface Remembered {
  readonly routed: boolean
  readonly until: number
}

/** `hasRoute` with the cache that delays route changes. */
const rememberingRoutes = (memory: Duration.DurationInput) =>
  Effect.map(
    Ref.make<ReadonlyMap<string, Remembered>>(new Map()),
    (known) => (host: string) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const remembered = (yield* Ref.get(known)).get(host)
        if (remembered !== undefined && now < remembered.until) return remembered.routed
        const routed = yield* hasRoute(host)
        yield* Ref.update(known, (all) => new Map(all).set(host, { routed, until: now + Duration.toMillis(memory) }))
        return routed
      })
  )

/** The control API's part: VerifyCertificate of a domain and a token. */
const verifyCertificate = (host: string, token: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [domain] = yield* sql<{ id: string; workspace_id: string }>`
      SELECT id, workspace_id FROM custom_domains WHERE domain = ${host} LIMIT 1`
    if (domain === undefined) return { outcome: "no domain" as const }
    const [challenge] = yield* sql<{ authorization: string }>`
      SELECT authorization FROM acme_challenges
      WHERE workspace_id = ${domain.workspace_id} AND domain_id = ${domain.id} AND token = ${token} LIMIT 1`
    return challenge === undefined || challenge.authorization === ""
      ? { outcome: "no challenge" as const }
      : { outcome: "answered" as const, authorization: challenge.authorization }
  })

const Token = HttpRouter.schemaPathParams(Schema.Struct({ token: Schema.String }))

const start = ({ routeMemory = Duration.zero }: FrontlineOptions) =>
  Effect.gen(function* () {
    const questions = yield* Ref.make<ReadonlyArray<ChallengeQuestion>>([])
    const isRouted = yield* rememberingRoutes(routeMemory)
    const serveChallenge = Effect.gen(function* () {
      const { token } = yield* Token
      const host = hostOf((yield* HttpServerRequest.HttpServerRequest).headers.host)
      const verdict = (yield* isRouted(host)) ? yield* verifyCertificate(host, token) : { outcome: "no route" as const }
      yield* Ref.update(questions, (asked) => [...asked, { host, token, outcome: verdict.outcome }])
      return verdict.outcome === "answered"
        ? HttpServerResponse.text(verdict.authorization)
        : HttpServerResponse.text(verdict.outcome, { status: 404 })
    })
    yield* HttpRouter.empty.pipe(
      HttpRouter.get("/.well-known/acme-challenge/:token", inRealTime(serveChallenge)),
      HttpServer.serveEffect()
    )
    const { address } = yield* HttpServer.HttpServer
    return Frontline.of({
      port: address._tag === "TcpAddress" ? address.port : 0,
      questions: Ref.get(questions)
    })
  })

/** A frontline on 127.0.0.1 that reads the shared database, until the layer's scope closes. */
export const frontline = (options: FrontlineOptions = {}): Layer.Layer<Frontline, never, SqlClient> =>
  Layer.scoped(Frontline, start(options)).pipe(
    Layer.provide(
      // A port that is in use is a configuration error.
      Layer.orDie(NodeHttpServer.layer(() => createServer(), { host: "127.0.0.1", port: options.port ?? 0 }))
    )
  )
