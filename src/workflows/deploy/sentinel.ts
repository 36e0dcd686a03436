import { productionEnvironment } from "../../services/deploy/Deployment.ts"
import type { SentinelRow } from "../../services/deploy/RegionStore.ts"
import { dnsLabel, resourceId } from "../identifiers.ts"

const productionReplicas = 3
const otherReplicas = 1
const cpuMillicores = 256
const memoryMib = 256
/** Frontline reaches sentinels on this port of their service in the `sentinel` namespace. */
const servicePort = 8040

export interface SentinelInput {
  readonly environmentId: string
  readonly environmentSlug: string
  readonly region: string
  readonly image: string
}

/**
 * The desired sentinel of an environment in a region. Id and name are a function of environment and region, so retries
 * and concurrent deploys of one environment propose the same row.
 */
export const desiredSentinel = ({ environmentId, environmentSlug, region, image }: SentinelInput): SentinelRow => {
  const k8sName = dnsLabel(["sentinel", environmentId, region])
  return {
    id: resourceId("se", environmentId, region),
    k8sName,
    k8sAddress: `${k8sName}.sentinel.svc.cluster.local:${servicePort}`,
    image,
    desiredReplicas: environmentSlug === productionEnvironment ? productionReplicas : otherReplicas,
    cpuMillicores,
    memoryMib
  }
}
