import type {
  DeploymentPhase,
  DeploymentStatus,
  DesiredState,
  InstanceStatus
} from "../../../src/services/deploy/Deployment.ts"
import type { TopologyStatus } from "../../../src/services/deploy/RegionStore.ts"
import type { Sticky } from "../../../src/services/deploy/RouteStore.ts"

/** The rows of the stores, by column name. Versions are numbers, so that a dump is plain JSON. */
export interface Tables {
  readonly workspaces: {
    readonly id: string
    readonly slug: string
    readonly k8s_namespace: string | null
    // Columns of the quota check only. Defaults: `org_<id>`, an empty name, no customer, tier Free, enabled.
    readonly org_id?: string
    readonly name?: string
    readonly stripe_customer_id?: string | null
    readonly tier?: string | null
    readonly enabled?: boolean
  }
  readonly projects: {
    readonly id: string
    readonly workspace_id: string
    readonly slug: string
    readonly live_deployment_id: string | null
    readonly is_rolled_back: boolean
    readonly depot_project_id: string | null
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly environments: {
    readonly id: string
    readonly workspace_id: string
    readonly project_id: string
    readonly slug: string
    readonly created_at: number
  }
  readonly environment_runtime_settings: {
    readonly workspace_id: string
    readonly environment_id: string
    /** Any JSON. */
    readonly region_config: unknown
    readonly created_at: number
  }
  readonly deployments: {
    readonly id: string
    readonly k8s_name: string
    readonly workspace_id: string
    readonly project_id: string
    readonly environment_id: string
    readonly image: string | null
    readonly build_id: string | null
    readonly git_commit_sha: string | null
    readonly git_branch: string | null
    readonly git_commit_message: string | null
    readonly git_commit_author_handle: string | null
    readonly git_commit_author_avatar_url: string | null
    readonly git_commit_timestamp: number | null
    readonly port: number
    readonly cpu_millicores: number
    readonly memory_mib: number
    readonly healthcheck: Readonly<Record<string, unknown>> | null
    readonly status: DeploymentStatus
    readonly desired_state: DesiredState
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly deployment_steps: {
    readonly workspace_id: string
    readonly project_id: string
    readonly environment_id: string
    readonly deployment_id: string
    readonly step: DeploymentPhase
    readonly started_at: number
    readonly ended_at: number | null
    readonly error: string | null
  }
  readonly deployment_topology: {
    readonly workspace_id: string
    readonly deployment_id: string
    readonly region: string
    readonly desired_replicas: number
    readonly version: number
    readonly desired_status: TopologyStatus
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly sentinels: {
    readonly id: string
    readonly workspace_id: string
    readonly project_id: string
    readonly environment_id: string
    readonly k8s_name: string
    readonly k8s_address: string
    readonly region: string
    readonly image: string
    readonly health: "unknown" | "paused" | "healthy" | "unhealthy"
    readonly desired_replicas: number
    readonly available_replicas: number
    readonly cpu_millicores: number
    readonly memory_mib: number
    readonly version: number
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly cilium_network_policies: {
    readonly id: string
    readonly workspace_id: string
    readonly project_id: string
    readonly environment_id: string
    readonly deployment_id: string
    readonly k8s_name: string
    readonly k8s_namespace: string
    readonly region: string
    readonly policy: unknown
    readonly version: number
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly instances: {
    readonly id: string
    readonly deployment_id: string
    readonly workspace_id: string
    readonly project_id: string
    readonly region: string
    readonly k8s_name: string
    readonly address: string
    readonly cpu_millicores: number
    readonly memory_mib: number
    readonly status: InstanceStatus
  }
  readonly frontline_routes: {
    readonly id: string
    readonly project_id: string
    readonly deployment_id: string
    readonly environment_id: string
    readonly fully_qualified_domain_name: string
    readonly sticky: Sticky
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly custom_domains: {
    readonly id: string
    readonly workspace_id: string
    readonly project_id: string
    readonly environment_id: string
    readonly domain: string
    readonly challenge_type: "HTTP-01" | "DNS-01"
    readonly verification_status: "pending" | "verifying" | "verified" | "failed"
    readonly verification_token: string
    readonly ownership_verified: boolean
    readonly cname_verified: boolean
    readonly target_cname: string
    readonly last_checked_at: number | null
    readonly check_attempts: number
    readonly verification_error: string | null
    readonly invocation_id: string | null
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly acme_challenges: {
    readonly domain_id: string
    readonly workspace_id: string
    readonly token: string
    readonly challenge_type: "HTTP-01" | "DNS-01"
    readonly authorization: string
    readonly status: "waiting" | "pending" | "verified" | "failed"
    readonly expires_at: number
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly acme_users: {
    readonly id: string
    readonly workspace_id: string
    readonly encrypted_key: string
    readonly registration_uri: string | null
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly certificates: {
    readonly id: string
    readonly workspace_id: string
    readonly hostname: string
    readonly certificate: string
    readonly encrypted_private_key: string
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly quota: {
    readonly workspace_id: string
    readonly requests_per_month: number
    readonly logs_retention_days: number
  }
  readonly clickhouse_workspace_settings: {
    readonly workspace_id: string
    readonly username: string
    readonly password_encrypted: string
    readonly quota_duration_seconds: number
    readonly max_queries_per_window: number
    readonly max_execution_time_per_window: number
    readonly max_query_execution_time: number
    readonly max_query_memory_bytes: number
    readonly max_query_result_rows: number
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly keys: {
    readonly id: string
    readonly key_auth_id: string
    readonly hash: string
    readonly start: string
    readonly workspace_id: string
    readonly name: string | null
    readonly enabled: boolean
    readonly refill_day: number | null
    readonly refill_amount: number | null
    readonly remaining_requests: number | null
    /** As `YYYY-MM-DD HH:MM:SS.mmm`, UTC. */
    readonly last_refill_at: string | null
    readonly updated_at_m: number | null
    readonly deleted_at_m: number | null
  }
  readonly audit_log: {
    readonly id: string
    readonly workspace_id: string
    readonly bucket: string
    readonly bucket_id: string
    readonly event: string
    readonly time: number
    readonly display: string
    readonly remote_ip: string | null
    readonly user_agent: string | null
    readonly actor_type: string
    readonly actor_id: string
    readonly actor_name: string | null
    readonly actor_meta: unknown
    readonly created_at: number
    readonly updated_at: number | null
  }
  readonly audit_log_target: {
    readonly audit_log_id: string
    readonly id: string
    readonly workspace_id: string
    readonly bucket: string
    readonly bucket_id: string
    readonly display_name: string
    readonly type: string
    readonly name: string | null
    readonly meta: unknown
    readonly created_at: number
    readonly updated_at: number | null
  }
}
export type TableName = keyof Tables

/** Every table with its rows, in the order of insertion. */
export type Rows = { readonly [T in TableName]: ReadonlyArray<Tables[T]> }

export const noRows: Rows = {
  workspaces: [],
  projects: [],
  environments: [],
  environment_runtime_settings: [],
  deployments: [],
  deployment_steps: [],
  deployment_topology: [],
  sentinels: [],
  cilium_network_policies: [],
  instances: [],
  frontline_routes: [],
  custom_domains: [],
  acme_challenges: [],
  acme_users: [],
  certificates: [],
  quota: [],
  clickhouse_workspace_settings: [],
  keys: [],
  audit_log: [],
  audit_log_target: []
}

/** Makes one value for each table. */
export const forEachTable = <A>(make: <T extends TableName>(table: T) => A): { readonly [T in TableName]: A } =>
  // Object.keys widens to string, and fromEntries forgets the keys; both are those of the record above.
  Object.fromEntries((Object.keys(noRows) as ReadonlyArray<TableName>).map((table) => [table, make(table)])) as {
    readonly [T in TableName]: A
  }

type Key<T extends TableName> = readonly [keyof Tables[T], ...ReadonlyArray<keyof Tables[T]>]

/** The unique keys of the real schema, which the test double enforces. */
export const uniqueKeys: { readonly [T in TableName]: readonly [Key<T>, ...ReadonlyArray<Key<T>>] } = {
  workspaces: [["id"], ["slug"], ["k8s_namespace"]],
  projects: [["id"], ["workspace_id", "slug"]],
  environments: [["id"], ["project_id", "slug"]],
  environment_runtime_settings: [["environment_id"]],
  deployments: [["id"], ["k8s_name"], ["build_id"]],
  deployment_steps: [["deployment_id", "step"]],
  deployment_topology: [
    ["deployment_id", "region"],
    ["region", "version"]
  ],
  sentinels: [["id"], ["k8s_name"], ["k8s_address"], ["environment_id", "region"], ["region", "version"]],
  cilium_network_policies: [["id"], ["deployment_id", "region", "k8s_name"], ["region", "version"]],
  instances: [["id"], ["k8s_name", "region"]],
  frontline_routes: [["id"], ["fully_qualified_domain_name"]],
  custom_domains: [["id"], ["domain"], ["target_cname"]],
  acme_challenges: [["domain_id"]],
  acme_users: [["id"]],
  certificates: [["id"], ["hostname"]],
  quota: [["workspace_id"]],
  clickhouse_workspace_settings: [["workspace_id"], ["username"]],
  keys: [["id"], ["hash"]],
  audit_log: [["id"]],
  audit_log_target: [["audit_log_id", "id"]]
}
