import { Schema } from "effect"
import { ChallengeStatus } from "../../../src/services/certificate/CertificateStore.ts"
import { ChallengeType, VerificationStatus } from "../../../src/services/customDomain/DomainStore.ts"
import {
  DeploymentPhase,
  DeploymentStatus,
  DesiredState,
  InstanceStatus
} from "../../../src/services/deploy/Deployment.ts"
import { TopologyStatus } from "../../../src/services/deploy/RegionStore.ts"
import { Sticky } from "../../../src/services/deploy/RouteStore.ts"
import { uniqueKeysOf } from "../columns.ts"

const text = Schema.String
const nullableText = Schema.NullOr(Schema.String)
const nullableNumber = Schema.NullOr(Schema.Number)

/** The columns of the stores' tables that tests read and write. Versions are numbers, so that a dump is plain JSON. */
export const tables = {
  workspaces: Schema.Struct({
    id: text,
    slug: text,
    k8s_namespace: nullableText,
    // Columns of the quota check only. Defaults: `org_<id>`, an empty name, no customer, tier Free, enabled.
    org_id: Schema.optionalWith(text, { exact: true }),
    name: Schema.optionalWith(text, { exact: true }),
    stripe_customer_id: Schema.optionalWith(nullableText, { exact: true }),
    tier: Schema.optionalWith(nullableText, { exact: true }),
    enabled: Schema.optionalWith(Schema.Boolean, { exact: true })
  }),
  projects: Schema.Struct({
    id: text,
    workspace_id: text,
    slug: text,
    live_deployment_id: nullableText,
    is_rolled_back: Schema.Boolean,
    depot_project_id: nullableText,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  environments: Schema.Struct({
    id: text,
    workspace_id: text,
    project_id: text,
    slug: text,
    created_at: Schema.Number
  }),
  environment_runtime_settings: Schema.Struct({
    workspace_id: text,
    environment_id: text,
    /** Any JSON. */
    region_config: Schema.Unknown,
    created_at: Schema.Number
  }),
  deployments: Schema.Struct({
    id: text,
    k8s_name: text,
    workspace_id: text,
    project_id: text,
    environment_id: text,
    image: nullableText,
    build_id: nullableText,
    git_commit_sha: nullableText,
    git_branch: nullableText,
    git_commit_message: nullableText,
    git_commit_author_handle: nullableText,
    git_commit_author_avatar_url: nullableText,
    git_commit_timestamp: nullableNumber,
    port: Schema.Number,
    cpu_millicores: Schema.Number,
    memory_mib: Schema.Number,
    healthcheck: Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
    status: DeploymentStatus,
    desired_state: DesiredState,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  deployment_steps: Schema.Struct({
    workspace_id: text,
    project_id: text,
    environment_id: text,
    deployment_id: text,
    step: DeploymentPhase,
    started_at: Schema.Number,
    ended_at: nullableNumber,
    error: nullableText
  }),
  deployment_topology: Schema.Struct({
    workspace_id: text,
    deployment_id: text,
    region: text,
    desired_replicas: Schema.Number,
    version: Schema.Number,
    desired_status: TopologyStatus,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  ctrl_worker_regions: Schema.Struct({
    region: text,
    version: Schema.Number,
    allocated: Schema.Number
  }),
  sentinels: Schema.Struct({
    id: text,
    workspace_id: text,
    project_id: text,
    environment_id: text,
    k8s_name: text,
    k8s_address: text,
    region: text,
    image: text,
    health: Schema.Literal("unknown", "paused", "healthy", "unhealthy"),
    desired_replicas: Schema.Number,
    available_replicas: Schema.Number,
    cpu_millicores: Schema.Number,
    memory_mib: Schema.Number,
    version: Schema.Number,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  cilium_network_policies: Schema.Struct({
    id: text,
    workspace_id: text,
    project_id: text,
    environment_id: text,
    deployment_id: text,
    k8s_name: text,
    k8s_namespace: text,
    region: text,
    policy: Schema.Unknown,
    version: Schema.Number,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  instances: Schema.Struct({
    id: text,
    deployment_id: text,
    workspace_id: text,
    project_id: text,
    region: text,
    k8s_name: text,
    address: text,
    cpu_millicores: Schema.Number,
    memory_mib: Schema.Number,
    status: InstanceStatus
  }),
  frontline_routes: Schema.Struct({
    id: text,
    project_id: text,
    deployment_id: text,
    environment_id: text,
    fully_qualified_domain_name: text,
    sticky: Sticky,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  custom_domains: Schema.Struct({
    id: text,
    workspace_id: text,
    project_id: text,
    environment_id: text,
    domain: text,
    challenge_type: ChallengeType,
    verification_status: VerificationStatus,
    verification_token: text,
    ownership_verified: Schema.Boolean,
    cname_verified: Schema.Boolean,
    target_cname: text,
    last_checked_at: nullableNumber,
    check_attempts: Schema.Number,
    verification_error: nullableText,
    invocation_id: nullableText,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  acme_challenges: Schema.Struct({
    domain_id: text,
    workspace_id: text,
    token: text,
    challenge_type: ChallengeType,
    authorization: text,
    status: ChallengeStatus,
    expires_at: Schema.Number,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  acme_users: Schema.Struct({
    id: text,
    workspace_id: text,
    encrypted_key: text,
    registration_uri: nullableText,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  certificates: Schema.Struct({
    id: text,
    workspace_id: text,
    hostname: text,
    certificate: text,
    encrypted_private_key: text,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  quota: Schema.Struct({
    workspace_id: text,
    requests_per_month: Schema.Number,
    logs_retention_days: Schema.Number
  }),
  clickhouse_workspace_settings: Schema.Struct({
    workspace_id: text,
    username: text,
    password_encrypted: text,
    quota_duration_seconds: Schema.Number,
    max_queries_per_window: Schema.Number,
    max_execution_time_per_window: Schema.Number,
    max_query_execution_time: Schema.Number,
    max_query_memory_bytes: Schema.Number,
    max_query_result_rows: Schema.Number,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  keys: Schema.Struct({
    id: text,
    key_auth_id: text,
    hash: text,
    start: text,
    workspace_id: text,
    name: nullableText,
    enabled: Schema.Boolean,
    refill_day: nullableNumber,
    refill_amount: nullableNumber,
    remaining_requests: nullableNumber,
    /** As `YYYY-MM-DD HH:MM:SS.mmm`, UTC. */
    last_refill_at: nullableText,
    updated_at_m: nullableNumber,
    deleted_at_m: nullableNumber
  }),
  audit_log: Schema.Struct({
    id: text,
    workspace_id: text,
    bucket: text,
    bucket_id: text,
    event: text,
    time: Schema.Number,
    display: text,
    remote_ip: nullableText,
    user_agent: nullableText,
    actor_type: text,
    actor_id: text,
    actor_name: nullableText,
    actor_meta: Schema.Unknown,
    created_at: Schema.Number,
    updated_at: nullableNumber
  }),
  audit_log_target: Schema.Struct({
    audit_log_id: text,
    id: text,
    workspace_id: text,
    bucket: text,
    bucket_id: text,
    display_name: text,
    type: text,
    name: nullableText,
    meta: Schema.Unknown,
    created_at: Schema.Number,
    updated_at: nullableNumber
  })
}
export type TableName = keyof typeof tables
export type Tables = { readonly [T in TableName]: (typeof tables)[T]["Type"] }

// Object.keys widens to string; the keys are those of the record above.
export const tableNames = Object.keys(tables) as ReadonlyArray<TableName>

/** Every table with its rows, in the order of insertion. */
export type Rows = { readonly [T in TableName]: ReadonlyArray<Tables[T]> }

/** Makes one value for each table. */
export const forEachTable = <A>(make: <T extends TableName>(table: T) => A): { readonly [T in TableName]: A } =>
  // fromEntries forgets the keys.
  Object.fromEntries(tableNames.map((table) => [table, make(table)])) as { readonly [T in TableName]: A }

export const noRows: Rows = forEachTable(() => [])

/** The unique keys of the migrations, which the test double enforces. */
export const uniqueKeys = forEachTable(uniqueKeysOf)
