/** Columns, engine and sort key of a table. The sort keys are production's: they determine what a query reads. */
const table = (name: string, columns: string, engine: string, sortKey: string, ttl = ""): string =>
  `CREATE TABLE IF NOT EXISTS default.${name} (${columns}) ENGINE = ${engine} ORDER BY (${sortKey})${ttl === "" ? "" : ` TTL ${ttl}`}`

const build = [
  table(
    "build_steps_v1",
    `step_id String, started_at Int64, completed_at Int64, workspace_id String, project_id String, deployment_id String,
     name String, cached Bool, error String, has_logs Bool`,
    "MergeTree",
    "workspace_id, project_id, deployment_id",
    "toDateTime(fromUnixTimestamp64Milli(started_at)) + INTERVAL 3 MONTH"
  ),
  table(
    "build_step_logs_v1",
    "time Int64, workspace_id String, project_id String, deployment_id String, message String, step_id String",
    "MergeTree",
    "workspace_id, project_id, deployment_id, step_id",
    "toDateTime(fromUnixTimestamp64Milli(time)) + INTERVAL 3 MONTH"
  )
]

const requests = table(
  "sentinel_requests_raw_v1",
  `request_id String, time Int64, workspace_id String, environment_id String, project_id String, sentinel_id String,
   deployment_id String, instance_id String, instance_address String, region LowCardinality(String),
   method LowCardinality(String), host String, path String, query_string String, query_params Map(String, Array(String)),
   request_headers Array(String), request_body String, response_status Int32, response_headers Array(String),
   response_body String, user_agent String, ip_address String, total_latency Int64, instance_latency Int64,
   sentinel_latency Int64`,
  "MergeTree",
  "workspace_id, project_id, environment_id, time, deployment_id",
  "toDateTime(fromUnixTimestamp64Milli(time)) + INTERVAL 30 DAY"
)

const billable = ["billable_verifications_per_month_v2", "billable_ratelimits_per_month_v2"].map((name) =>
  table(
    name,
    "year Int16, month Int8, workspace_id String, count Int64",
    "SummingMergeTree(count)",
    "workspace_id, year, month"
  )
)

const whose = "workspace_id String, key_space_id String, identity_id String, key_id String"
const outcome = "outcome LowCardinality(String), tags Array(String)"

const verifications = (resolution: string, time: string): ReadonlyArray<string> => [
  table(
    `key_verifications_per_${resolution}_v2`,
    `time ${time}, ${whose}, ${outcome}, count Int64`,
    "SummingMergeTree(count)",
    "workspace_id, key_space_id, time, identity_id, key_id, outcome, tags"
  ),
  table(
    `key_verifications_per_${resolution}_v3`,
    `time ${time}, ${whose}, external_id String, ${outcome}, count Int64, spent_credits Int64`,
    "SummingMergeTree((count, spent_credits))",
    "workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags"
  )
]

/**
 * Creates every table that the worker reads, writes or shares with a workspace; safe to repeat. Production deployments have
 * them already.
 */
export const clickhouseTables: ReadonlyArray<string> = [
  ...build,
  requests,
  ...billable,
  table(
    "key_verifications_raw_v2",
    `request_id String, time Int64, ${whose}, region LowCardinality(String), ${outcome}, spent_credits Int64, latency Float64`,
    "MergeTree",
    "workspace_id, time, key_space_id, identity_id, key_id"
  ),
  ...verifications("minute", "DateTime"),
  ...verifications("hour", "DateTime"),
  ...verifications("day", "Date"),
  ...verifications("month", "Date")
]
