import { SqlClient } from "@effect/sql/SqlClient"
import { Console, Duration, Effect } from "effect"
import { TraceCollector } from "../traces/TraceCollector.ts"
import type { Deployed } from "./chapters/deploys.ts"
import { paint, table, terminalWidth } from "./terminal.ts"
import { waterfall } from "./waterfall.ts"

/** Spans are exported every 200 ms; a trace without new spans for twice as long is complete. */
const quietMillis = 400
const traceBound = Duration.seconds(5)

const indent = "  "
const width = () => terminalWidth() - indent.length

const print = (title: string, lines: ReadonlyArray<string>) =>
  Console.log(["", paint("bold", title), ...lines.map((line) => indent + line)].join("\n"))

interface Row {
  readonly fqdn: string
  readonly sticky: string
  readonly deploymentId: string
}

/** The routes of all host names at the end of the demo. */
export const printRoutes = ({ images, project }: Deployed) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const rows = yield* sql<Row>`
      SELECT fully_qualified_domain_name AS fqdn, sticky, deployment_id AS deploymentId FROM frontline_routes
      WHERE project_id = ${project.id} ORDER BY pk`
    yield* print(
      `Routes of ${project.workspaceSlug}/${project.slug}`,
      table(
        [
          ["host name", "follows", "deployment", "image"],
          ...rows.map(({ deploymentId, fqdn, sticky }) => [
            fqdn,
            sticky === "none" ? "this commit" : sticky,
            deploymentId,
            images.get(deploymentId) ?? ""
          ])
        ],
        width()
      )
    )
  })

/** The last deploy as a trace of Restate and the worker. */
export const printTrace = ({ second, images, traceId }: Deployed) =>
  Effect.gen(function* () {
    const collector = yield* TraceCollector
    const spans = yield* Effect.timeout(collector.trace(traceId, quietMillis), traceBound)
    const deploy = `The deploy of ${images.get(second) ?? second} as a trace (${spans.length} spans)`
    yield* print(deploy, [`trace ${traceId}`, ...waterfall(spans, width())])
  })
