/** The fields that krane builds a ReplicaSet from. */
export interface ReplicaSetRow {
  readonly deploymentId: string
  readonly workspaceId: string
  readonly projectId: string
  readonly environmentId: string
  readonly buildId: string | null
  readonly k8sName: string
  readonly namespace: string | null
  readonly image: string | null
  readonly replicas: number
  readonly cpuMillicores: number
  readonly memoryMib: number
  readonly port: number
}

/** An RFC 1123 label, as Kubernetes requires for namespaces and the names of services and containers. */
export const isDnsLabel = (text: string): boolean => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)

/** A valid Kubernetes label value ("Labels and Selectors", Syntax and character set). */
export const isLabelValue = (text: string): boolean =>
  /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(text)

/** ReplicaSet names are RFC 1123 subdomains; pod names are 6 characters longer, and pod host names have at most 63. */
const isObjectName = (text: string): boolean =>
  text.length <= 253 && text.split(".").every((part) => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(part))

/** An image reference as the kubelet parses it: optional host with port, lower-case path, tag, digest. */
const imageReference =
  /^(?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/

export const isImageReference = (text: string): boolean => imageReference.test(text)

/**
 * Why krane (`svc/krane/internal/deployment/apply.go`) or the Kubernetes API would reject this row; null if both accept it.
 * krane logs the rejection and reports nothing, so a deploy waits until its deadline.
 */
export const applyRefusal = (row: ReplicaSetRow): string | null => {
  if (row.namespace === null || !isDnsLabel(row.namespace)) return `namespace ${row.namespace}`
  if (!isObjectName(row.k8sName)) return `name ${row.k8sName}`
  if (row.image === null || !isImageReference(row.image)) return `image ${row.image}`
  if (row.cpuMillicores <= 0) return `cpu ${row.cpuMillicores}`
  if (row.memoryMib <= 0) return `memory ${row.memoryMib}`
  if (row.replicas < 0) return `replicas ${row.replicas}`
  if (row.port < 1 || row.port > 65_535) return `port ${row.port}`
  const labels = [row.deploymentId, row.workspaceId, row.projectId, row.environmentId, row.buildId ?? ""]
  const unfit = labels.find((value) => !isLabelValue(value))
  return unfit === undefined ? null : `label ${unfit}`
}
