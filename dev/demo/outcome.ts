import { SqlClient } from "@effect/sql/SqlClient"
import { Console, Duration, Effect } from "effect"
import { TraceCollector } from "../traces/TraceCollector.ts"
import type { Deployed } from "./chapters/deploys.ts"
import { paint, table } from "./terminal.ts"
import { waterfall } from "./waterfall.ts"

/** Spans are sent every 200 ms; a trace without news for twice as long is whole. */
const quietMillis = 400
const traceBound = Duration.seconds(5)

const print = (title: string, lines: ReadonlyArray<string>) =>
  Console.log(["", paint("bold", title), ...lines.map((line) => `  ${line}`)].join("\n"))

interface Row {
  readonly fqdn: string
  readonly sticky: string
  readonly deploymentId: string
}

/** Which host name leads where, at the end of the story. */
export const printRoutes = ({ images, project }: Deployed) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const rows = yield* sql<Row>`
      SELECT fully_qualified_domain_name AS fqdn, sticky, deployment_id AS deploymentId FROM frontline_routes
      WHERE project_id = ${project.id} ORDER BY pk`
    yield* print(
      `Routes of ${project.workspaceSlug}/${project.slug}`,
      table([
        ["host name", "follows", "deployment", "image"],
        ...rows.map(({ deploymentId, fqdn, sticky }) => [
          fqdn,
          sticky === "none" ? "this commit" : sticky,
          deploymentId,
          images.get(deploymentId) ?? ""
        ])
      ])
    )
  })

/** The last deploy, as the spans of Restate and the worker tell it. */
export const printTrace = ({ traceId }: Deployed) =>
  Effect.gen(function* () {
    const collector = yield* TraceCollector
    const spans = yield* Effect.timeout(collector.trace(traceId, quietMillis), traceBound)
    yield* print(`Trace ${traceId} (${spans.length} spans)`, waterfall(spans))
  })
