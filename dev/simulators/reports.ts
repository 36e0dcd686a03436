import { SqlClient } from "@effect/sql/SqlClient"
import { Clock, Effect } from "effect"
import { resourceId } from "../../src/workflows/identifiers.ts"

/** What runs, or is to run, of one deployment in one region. */
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

const rowOf = (wanted: Instances) => (pod: string) => ({
  id: resourceId("ins", wanted.region, pod),
  deployment_id: wanted.deploymentId,
  workspace_id: wanted.workspaceId,
  project_id: wanted.projectId,
  region: wanted.region,
  k8s_name: pod,
  address: `${pod}.${wanted.namespace}.svc.cluster.local:8080`,
  cpu_millicores: wanted.cpuMillicores,
  memory_mib: wanted.memoryMib,
  status: "pending"
})

/*
 * Every report is uninterruptible: the driver cannot call a statement back, and the report of an older wish must not land
 * after that of a newer one.
 */

/** One pod per replica. Pods that run already keep running; superfluous ones vanish. */
export const reportPending = (wanted: Instances) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const rows = podsOf(wanted).map(rowOf(wanted))
    yield* sql`
      DELETE FROM instances
      WHERE deployment_id = ${wanted.deploymentId} AND region = ${wanted.region} AND ${sql("k8s_name")} NOT IN ${sql.in(podsOf(wanted))}`
    yield* sql`INSERT INTO instances ${sql.insert(rows)} ON DUPLICATE KEY UPDATE id = instances.id`
  }).pipe(Effect.uninterruptible)

export const reportStarted = ({ deploymentId, region }: Instances, status: "running" | "failed") =>
  Effect.flatMap(
    SqlClient,
    (sql) => sql`UPDATE instances SET status = ${status} WHERE deployment_id = ${deploymentId} AND region = ${region}`
  ).pipe(Effect.asVoid, Effect.uninterruptible)

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
