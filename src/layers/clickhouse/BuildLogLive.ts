import { Effect, Layer, Schema } from "effect"
import { BuildLog, type BuildLogLine } from "../../operations/build/BuildLog.ts"
import { shortened } from "../../text/codePoints.ts"
import { ClickhouseClient } from "./ClickhouseClient.ts"
import { clickhouseUnavailable } from "./clickhouseUnavailable.ts"

const shownLines = 40
/** In code points. */
const longestLine = 500
/** The end of one message of a step, which may hold many lines. */
const longestMessage = 4000

/** Times are strings: servers differ in quoting 64-bit integers. */
const Message = Schema.Struct({ at: Schema.NumberFromString, text: Schema.String })

/** The first conditions are the table's sort key, so that only granules of this deployment are read. */
const newest = `
  SELECT toString(time) AS at, substringUTF8(message, greatest(1, toInt64(lengthUTF8(message)) - ${longestMessage} + 1)) AS text
  FROM default.build_step_logs_v1
  WHERE workspace_id = {workspace:String} AND project_id = {project:String} AND deployment_id = {deployment:String}
  ORDER BY time DESC LIMIT ${shownLines}`

/** A carriage return overwrites the line on a terminal: what stands after the last one is seen. */
const linesOf = ({ at, text }: typeof Message.Type): ReadonlyArray<BuildLogLine> =>
  text
    .split("\n")
    .map((line) => line.trimEnd().split("\r").at(-1) ?? "")
    .filter((line) => line !== "")
    .map((line) => ({ at, text: shortened(line, longestLine) }))

export const BuildLogLive: Layer.Layer<BuildLog, never, ClickhouseClient> = Layer.effect(
  BuildLog,
  Effect.map(ClickhouseClient, (clickhouse) =>
    BuildLog.of({
      tail: ({ deploymentId: deployment, projectId: project, workspaceId: workspace }) =>
        clickhouse.select("end-of-build-log", newest, { workspace, project, deployment }, Message).pipe(
          Effect.map((messages) => messages.toReversed().flatMap(linesOf).slice(-shownLines)),
          Effect.mapError(clickhouseUnavailable)
        )
    })
  )
)
