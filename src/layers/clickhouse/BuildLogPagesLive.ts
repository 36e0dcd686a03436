import { Effect, Layer, Schema } from "effect"
import type { BuildLogKey } from "../../operations/build/BuildLog.ts"
import { BuildLogPages, type BuildOutput, type BuildStep } from "../../operations/lists/BuildLogPages.ts"
import type { Page, PageRequest } from "../../operations/lists/Page.ts"
import { shortened } from "../../text/codePoints.ts"
import { ClickhouseClient } from "./ClickhouseClient.ts"
import { clickhouseUnavailable } from "./clickhouseUnavailable.ts"

const maxSteps = 500
/** In code points. */
const longestText = 2000

/** The first conditions are the tables' sort key, so that only granules of this deployment are read. */
const isOwn =
  "workspace_id = {workspace:String} AND project_id = {project:String} AND deployment_id = {deployment:String}"

/** One character more than is shown, which says whether more follow. */
const startOf = (column: string) => `substringUTF8(${column}, 1, ${longestText + 1})`

/** Times are strings: servers differ in quoting 64-bit integers. */
const StepRow = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  startedAt: Schema.NumberFromString,
  completedAt: Schema.NumberFromString,
  cached: Schema.Number,
  error: Schema.String
})

const stepsQuery = `
  SELECT step_id AS id, ${startOf("name")} AS name, toString(started_at) AS startedAt,
    toString(completed_at) AS completedAt, toUInt8(cached) AS cached, ${startOf("error")} AS error
  FROM default.build_steps_v1 WHERE ${isOwn}
  ORDER BY started_at, step_id LIMIT ${maxSteps}`

const OutputRow = Schema.Struct({ at: Schema.NumberFromString, stepId: Schema.String, text: Schema.String })

/**
 * Rows have no key of their own. Those of one millisecond are sorted by step and text, so that their order is the same on each
 * page, and a page that begins among them skips those that were shown.
 */
const outputQuery = `
  SELECT toString(time) AS at, step_id AS stepId, ${startOf("message")} AS text
  FROM default.build_step_logs_v1 WHERE ${isOwn} AND time >= {since:Int64}
  ORDER BY time, step_id, message LIMIT {limit:UInt32} OFFSET {skipped:UInt32}`

/** `<milliseconds>.<rows of that millisecond that were shown>`. */
const cursor = /^(\d{1,15})\.(\d{1,9})$/

const startOfPage = (after: string | undefined) => {
  const [, since = "0", skipped = "0"] = cursor.exec(after ?? "") ?? []
  return { since: Number(since), skipped: Number(skipped) }
}

const parametersOf = ({ deploymentId, projectId, workspaceId }: BuildLogKey) => ({
  workspace: workspaceId,
  project: projectId,
  deployment: deploymentId
})

const stepOf = ({ cached, error, name, ...step }: typeof StepRow.Type): BuildStep => ({
  ...step,
  name: shortened(name, longestText),
  isCached: cached !== 0,
  error: shortened(error, longestText)
})

const outputPage = (rows: ReadonlyArray<typeof OutputRow.Type>, { after, limit }: PageRequest): Page<BuildOutput> => {
  const shown = rows.slice(0, limit)
  const items = shown.map(({ text, ...row }) => ({ ...row, text: shortened(text, longestText) }))
  const last = shown.at(-1)?.at
  if (rows.length <= limit || last === undefined) return { items, next: null }
  const { since, skipped } = startOfPage(after)
  const sameTime = shown.filter(({ at }) => at === last).length
  return { items, next: `${last}.${last === since ? skipped + sameTime : sameTime}` }
}

/** Build telemetry, of which ClickHouse keeps three months. */
export const BuildLogPagesLive: Layer.Layer<BuildLogPages, never, ClickhouseClient> = Layer.effect(
  BuildLogPages,
  Effect.map(ClickhouseClient, (clickhouse) =>
    BuildLogPages.of({
      steps: (owner) =>
        clickhouse
          .select("steps-of-build", stepsQuery, parametersOf(owner), StepRow)
          .pipe(Effect.mapBoth({ onFailure: clickhouseUnavailable, onSuccess: (rows) => rows.map(stepOf) })),
      output: (owner, request) =>
        clickhouse
          .select(
            "output-of-build",
            outputQuery,
            { ...parametersOf(owner), ...startOfPage(request.after), limit: Math.trunc(request.limit) + 1 },
            OutputRow
          )
          .pipe(Effect.mapBoth({ onFailure: clickhouseUnavailable, onSuccess: (rows) => outputPage(rows, request) }))
    })
  )
)
