import { HttpMiddleware, HttpRouter, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect } from "effect"
import { Health, type HealthReport } from "../services/Health.ts"

const respond = (report: HealthReport) =>
  HttpServerResponse.unsafeJson(report.body, { status: report.status, headers: { "cache-control": "no-store" } })

const report = (probe: "liveness" | "readiness") =>
  Effect.flatMap(Health, (health) => Effect.map(health[probe], respond))

/** The three probes. A request to any other path is a 404. */
export const healthRoutes = HttpRouter.empty.pipe(
  HttpRouter.get("/health/live", report("liveness")),
  HttpRouter.get("/health/startup", report("liveness")),
  HttpRouter.get("/health/ready", report("readiness"))
)

/**
 * The probes as a Node request listener, for a server whose other paths belong to someone else. Probes are not traced:
 * they would outnumber everything that is worth a span.
 */
export const healthListener = NodeHttpServer.makeHandler(
  Effect.catchTag(healthRoutes, "RouteNotFound", () => HttpServerResponse.empty({ status: 404 }))
).pipe(HttpMiddleware.withTracerDisabledWhenEffect(() => true))
