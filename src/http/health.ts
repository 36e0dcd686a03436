import { HttpMiddleware, HttpRouter, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect } from "effect"
import { Health, type HealthReport } from "../operations/Health.ts"

const respond = (report: HealthReport) =>
  HttpServerResponse.unsafeJson(report.body, { status: report.status, headers: { "cache-control": "no-store" } })

const report = (probe: "liveness" | "readiness") =>
  Effect.flatMap(Health, (health) => Effect.map(health[probe], respond))

/** The three Kubernetes probes. Other paths return 404. */
export const healthRoutes = HttpRouter.empty.pipe(
  HttpRouter.get("/health/live", report("liveness")),
  HttpRouter.get("/health/startup", report("liveness")),
  HttpRouter.get("/health/ready", report("readiness"))
)

/**
 * The probes as a Node request listener, for a server that handles other paths elsewhere. Probes are not traced: they would
 * outnumber all other spans.
 */
export const healthListener = NodeHttpServer.makeHandler(
  Effect.catchTag(healthRoutes, "RouteNotFound", () => HttpServerResponse.empty({ status: 404 }))
).pipe(HttpMiddleware.withTracerDisabledWhenEffect(() => true))
