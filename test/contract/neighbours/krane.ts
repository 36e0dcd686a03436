import { Either, Schema } from "effect"
import { applyRefusal, isDnsLabel, isImageReference, isLabelValue } from "../../../dev/simulators/applyRefusal.ts"
import type { Rows } from "../../support/memory/Tables.ts"

/** Why krane would not run what a topology row of a deployment asks for; null for what it deletes or can apply. */
const topologyProblem = (
  { deployments, workspaces }: Rows,
  row: Rows["deployment_topology"][number]
): string | null => {
  if (!row.desired_status.startsWith("start")) return null
  const deployment = deployments.find(({ id }) => id === row.deployment_id)
  const workspace = workspaces.find(({ id }) => id === row.workspace_id)
  if (deployment === undefined || workspace === undefined) return "joins no deployment or workspace"
  // The stream and the look of each minute read different columns: where they differ, pods come and go.
  if (deployment.desired_state !== "running")
    return `is ${row.desired_status} where its deployment is ${deployment.desired_state}`
  return applyRefusal({
    deploymentId: deployment.id,
    workspaceId: deployment.workspace_id,
    projectId: deployment.project_id,
    environmentId: deployment.environment_id,
    buildId: deployment.build_id,
    k8sName: deployment.k8s_name,
    namespace: workspace.k8s_namespace,
    image: deployment.image,
    replicas: row.desired_replicas,
    cpuMillicores: deployment.cpu_millicores,
    memoryMib: deployment.memory_mib,
    port: deployment.port
  })
}

/** krane names a Deployment and a Service after a sentinel; frontline and `k8s_address` find it under that name. */
const sentinelProblem = (row: Rows["sentinels"][number]): string | null => {
  if (!isDnsLabel(row.k8s_name)) return `name ${row.k8s_name}`
  if (row.k8s_address !== `${row.k8s_name}.sentinel.svc.cluster.local:8040`) return `address ${row.k8s_address}`
  if (!isImageReference(row.image)) return `image ${row.image}`
  if (row.cpu_millicores <= 0 || row.memory_mib <= 0 || row.desired_replicas < 1) return "resources"
  return null
}

const Labels = Schema.Record({ key: Schema.String, value: Schema.String.pipe(Schema.filter(isLabelValue)) })
const Selector = Schema.Struct({ matchLabels: Labels })
/** Cilium's API has ports as text. */
const Ports = Schema.NonEmptyArray(
  Schema.Struct({
    ports: Schema.NonEmptyArray(
      Schema.Struct({ port: Schema.NumberFromString.pipe(Schema.between(1, 65_535)), protocol: Schema.Literal("TCP") })
    )
  })
)

/** What krane decodes of `cilium_network_policies.policy` and applies; it overrides name, namespace and labels. */
export const CiliumPolicy = Schema.Struct({
  apiVersion: Schema.Literal("cilium.io/v2"),
  kind: Schema.Literal("CiliumNetworkPolicy"),
  metadata: Schema.Struct({
    name: Schema.String,
    namespace: Schema.String.pipe(Schema.filter(isDnsLabel)),
    labels: Labels
  }),
  spec: Schema.Struct({
    endpointSelector: Selector,
    ingress: Schema.optional(
      Schema.NonEmptyArray(Schema.Struct({ fromEndpoints: Schema.NonEmptyArray(Selector), toPorts: Ports }))
    ),
    egress: Schema.optional(
      Schema.NonEmptyArray(Schema.Struct({ toEndpoints: Schema.NonEmptyArray(Selector), toPorts: Ports }))
    )
  })
})

const decodePolicy = Schema.decodeUnknownEither(CiliumPolicy)

const policyProblem = ({ deployments }: Rows, row: Rows["cilium_network_policies"][number]): string | null => {
  const decoded = decodePolicy(row.policy)
  if (Either.isLeft(decoded)) return decoded.left.message
  const { metadata, spec } = decoded.right
  const { egress = [], ingress = [] } = spec
  if (metadata.name !== row.k8s_name || metadata.namespace !== row.k8s_namespace) return `is named ${metadata.name}`
  if (ingress.length + egress.length !== 1) return `has ${ingress.length} ingress and ${egress.length} egress rules`
  const port = deployments.find(({ id }) => id === row.deployment_id)?.port
  const opened = [...ingress, ...egress].flatMap(({ toPorts }) => toPorts.flatMap(({ ports }) => ports))
  return opened.every((it) => it.port === port) ? null : `opens ${opened.map((it) => it.port)} and not ${port}`
}

const named =
  <R>(table: string, id: (row: R) => string, problem: (row: R) => string | null) =>
  (rows: ReadonlyArray<R>) =>
    rows.flatMap((row) => {
      const found = problem(row)
      return found === null ? [] : [`${table} ${id(row)}: ${found}`]
    })

/** What krane, or the cluster behind it, would not take of these rows. */
export const kraneProblems = (rows: Rows): ReadonlyArray<string> => [
  ...named<Rows["deployment_topology"][number]>(
    "deployment_topology",
    ({ deployment_id, region }) => `${deployment_id} in ${region}`,
    (row) => topologyProblem(rows, row)
  )(rows.deployment_topology),
  ...named<Rows["sentinels"][number]>("sentinels", ({ id }) => id, sentinelProblem)(rows.sentinels),
  ...named<Rows["cilium_network_policies"][number]>(
    "cilium_network_policies",
    ({ id }) => id,
    (row) => policyProblem(rows, row)
  )(rows.cilium_network_policies)
]
