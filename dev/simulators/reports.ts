import { SqlClient } from "@effect/sql/SqlClient"
import { Clock, Effect } from "effect"
import { resourceId } from "../../src/workflows/identifiers.ts"
import type { ReportedStatus } from "./pods.ts"

/** Desired and running instances of one deployment in one region. */
export interface Instances {
  readonly deploymentId: string
  readonly region: string
  readonly workspaceId: string
  readonly projectId: string
  readonly k8sName: string
  readonly namespace: string
  readonly image: string
  readonly replicas: number
  readonly cpuMillicores: number
  readonly memoryMib: number
}

const podsOf = ({ k8sName, replicas }: Instances): ReadonlyArray<string> =>
  Array.from({ length: replicas }, (_, index) => `${k8sName}-${index}`)

const rowOf = (wanted: Instances, status: ReportedStatus) => (pod: string) => ({
  id: resourceId("ins", wanted.region, pod),
  deployment_id: wanted.deploymentId,
  workspace_id: wanted.workspaceId,
  project_id: wanted.projectId,
  region: wanted.region,
  k8s_name: pod,
  address: `${pod}.${wanted.namespace}.svc.cluster.local:8080`,
  cpu_millicores: wanted.cpuMillicores,
  memory_mib: wanted.memoryMib,
  status
})

/**
 * Every report is uninterruptible: the driver cannot cancel a statement, and the report of an older desired state must not be
 * written after a newer one.
 */

const removeSuperfluous = (wanted: Instances) =>
  Effect.flatMap(
    SqlClient,
    (sql) => sql`
      DELETE FROM instances
      WHERE deployment_id = ${wanted.deploymentId} AND region = ${wanted.region} AND ${sql("k8s_name")} NOT IN ${sql.in(podsOf(wanted))}`
  )

/** One pod per replica. Existing pods stay; surplus ones are deleted. */
export const reportPending = (wanted: Instances) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    yield* removeSuperfluous(wanted)
    const rows = podsOf(wanted).map(rowOf(wanted, "pending"))
    if (rows.length > 0) yield* sql`INSERT INTO instances ${sql.insert(rows)} ON DUPLICATE KEY UPDATE id = instances.id`
  }).pipe(Effect.uninterruptible)

/** Reports every pod with its status: the control API upserts by pod name. */
export const reportPods = (wanted: Instances, status: ReportedStatus) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    yield* removeSuperfluous(wanted)
    const rows = podsOf(wanted).map(rowOf(wanted, status))
    if (rows.length > 0)
      yield* sql`INSERT INTO instances ${sql.insert(rows)} ON DUPLICATE KEY UPDATE status = ${status}`
  }).pipe(Effect.uninterruptible)

export const reportStopped = ({ deploymentId, region }: Instances) =>
  Effect.flatMap(
    SqlClient,
    (sql) => sql`DELETE FROM instances WHERE deployment_id = ${deploymentId} AND region = ${region}`
  ).pipe(Effect.asVoid, Effect.uninterruptible)

export const reportHealthy = (sentinelId: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const now = yield* Clock.currentTimeMillis
    yield* sql`
      UPDATE sentinels SET health = 'healthy', available_replicas = desired_replicas, updated_at = ${now}
      WHERE id = ${sentinelId}`
  }).pipe(Effect.uninterruptible)
