import type { TrafficQuery } from "../../services/clickhouse/Usage.ts"

type Deployments = TrafficQuery["deployments"]

/** ClickHouse refuses a parameter of more than 128 KiB (`http_max_field_value_size`). */
const parameterBytes = 120_000

/** At most so many in a list of quoted texts: every byte may be escaped. */
const quotedBytes = (id: string): number => 2 * Buffer.byteLength(id) + 3

const longestOf = ({ deploymentId, environmentId, projectId, workspaceId }: Deployments[number]): number =>
  Math.max(...[workspaceId, projectId, environmentId, deploymentId].map(quotedBytes))

/**
 * The deployments in batches whose ids of each kind fit into one parameter. 2,000 with ids as the control API makes them are one
 * batch; no id that a column can hold exceeds one.
 */
export const idBatches = (deployments: Deployments): ReadonlyArray<Deployments> => {
  const batches: Array<Array<Deployments[number]>> = []
  let room = 0
  for (const deployment of deployments) {
    const bytes = longestOf(deployment)
    const batch = batches.at(-1)
    if (batch === undefined || bytes > room) {
      batches.push([deployment])
      room = parameterBytes - bytes
    } else {
      batch.push(deployment)
      room -= bytes
    }
  }
  return batches
}
