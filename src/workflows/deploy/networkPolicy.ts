import type { JsonObject } from "../../contract/json.ts"
import { resourceId } from "../identifiers.ts"

const managedBy = { "app.kubernetes.io/managed-by": "krane" }
const component = (name: string) => ({ "app.kubernetes.io/component": name })
const inNamespace = (name: string) => ({ "io.kubernetes.pod.namespace": name })
const sentinelNamespace = "sentinel"
const policyIdLabel = "unkey.com/networkpolicy.id"

/** A row of `cilium_network_policies` before it has a version. */
export interface NetworkPolicy {
  readonly id: string
  readonly k8sName: string
  readonly k8sNamespace: string
  readonly policy: JsonObject
}

export interface NetworkPolicyInput {
  readonly deploymentId: string
  readonly deploymentK8sName: string
  readonly environmentId: string
  readonly workspaceId: string
  /** The workspace's Kubernetes namespace, where its deployments run. */
  readonly k8sNamespace: string
  readonly region: string
  readonly port: number
}

const ingressName = "sentinel-ingress-to-"
const egressName = "sentinel-egress-to-"
/**
 * What the width of `cilium_network_policies.k8s_name` (64 characters) leaves for the deployment's name in both policy
 * names.
 */
export const policyNameWidth = 64 - Math.max(ingressName.length, egressName.length)

/**
 * The two policies that allow only the environment's sentinels to reach a deployment's port in one region. Ids are a
 * function of deployment, region and name.
 */
export const networkPolicies = (input: NetworkPolicyInput): ReadonlyArray<NetworkPolicy> => [
  ingressPolicy(input),
  egressPolicy(input)
]

const ingressPolicy = (input: NetworkPolicyInput): NetworkPolicy =>
  policyRow(input, {
    k8sName: `${ingressName}${input.deploymentK8sName}`,
    k8sNamespace: input.k8sNamespace,
    labels: { ...managedBy, ...component("deployment") },
    spec: {
      description: "Lets the sentinels of its environment reach this deployment",
      endpointSelector: { matchLabels: deploymentPods(input) },
      ingress: [
        {
          fromEndpoints: [{ matchLabels: { ...inNamespace(sentinelNamespace), ...ownerLabels(input) } }],
          toPorts: toPorts(input.port)
        }
      ]
    }
  })

const egressPolicy = (input: NetworkPolicyInput): NetworkPolicy =>
  policyRow(input, {
    k8sName: `${egressName}${input.deploymentK8sName}`,
    k8sNamespace: sentinelNamespace,
    labels: { ...managedBy, ...component("sentinel") },
    spec: {
      description: "Lets the sentinels of the environment reach this deployment",
      // No managed-by: the pod template of a sentinel does not carry it.
      endpointSelector: { matchLabels: { ...component("sentinel"), ...ownerLabels(input) } },
      egress: [
        {
          toEndpoints: [{ matchLabels: { ...inNamespace(input.k8sNamespace), ...deploymentPods(input) } }],
          toPorts: toPorts(input.port)
        }
      ]
    }
  })

interface PolicyParts {
  readonly k8sName: string
  readonly k8sNamespace: string
  readonly labels: JsonObject
  readonly spec: JsonObject
}

const policyRow = (input: NetworkPolicyInput, { k8sName, k8sNamespace, labels, spec }: PolicyParts): NetworkPolicy => {
  const id = resourceId("net", input.deploymentId, input.region, k8sName)
  const allLabels = { ...labels, ...deploymentLabel(input), ...ownerLabels(input), [policyIdLabel]: id }
  const metadata = { name: k8sName, namespace: k8sNamespace, labels: allLabels }
  return {
    id,
    k8sName,
    k8sNamespace,
    // Go's type of a policy encodes an empty status.
    policy: { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata, spec, status: {} }
  }
}

const deploymentLabel = ({ deploymentId }: NetworkPolicyInput) => ({ "unkey.com/deployment.id": deploymentId })

const deploymentPods = (input: NetworkPolicyInput) => ({
  ...managedBy,
  ...component("deployment"),
  ...deploymentLabel(input)
})

const ownerLabels = ({ environmentId, workspaceId }: NetworkPolicyInput) => ({
  "unkey.com/environment.id": environmentId,
  "unkey.com/workspace.id": workspaceId
})

const toPorts = (port: number) => [{ ports: [{ port: String(port), protocol: "TCP" }] }]

/** The policy with the id of the existing row, in the id and in the label. */
export const withPolicyId = (row: NetworkPolicy, id: string): NetworkPolicy => {
  const metadata = objectAt(row.policy, "metadata")
  const labels = { ...objectAt(metadata, "labels"), [policyIdLabel]: id }
  return { ...row, id, policy: { ...row.policy, metadata: { ...metadata, labels } } }
}

const objectAt = (parent: JsonObject, key: string): JsonObject => {
  const child = parent[key]
  return isObject(child) ? child : {}
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Whether two JSON documents are the same policy. Ignores key order (MySQL stores JSON in its own order) and empty
 * members, which Go writes and this worker does not. Empty entries of a list count: in Cilium `[{}]` selects everything
 * and `[]` nothing.
 */
export const samePolicy = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => samePolicy(item, b[at]))
  }
  if (!isObject(a) || !isObject(b)) return a === b
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every((key) => sameMember(ownMember(a, key), ownMember(b, key)))
}

const ownMember = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined)

const sameMember = (a: unknown, b: unknown): boolean =>
  isEmpty(a) || isEmpty(b) ? isEmpty(a) === isEmpty(b) : samePolicy(a, b)

/** Absent, null, an empty list, or an object with nothing but empty members. */
const isEmpty = (value: unknown): boolean => {
  if (value === undefined || value === null) return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.values(value).every(isEmpty)
}
