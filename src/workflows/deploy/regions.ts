import { Either } from "effect"
import { fitsCodePoints } from "../../text/codePoints.ts"

/** Bounds the fan-out of one invocation, which publishes to all its regions. */
const maxRegions = 32
/** Far above any real deployment; keeps a typing error from exhausting a cluster. */
const maxReplicas = 1000
/** Width of `deployment_topology.region`. */
const maxRegionCharacters = 64

/** The regions that frontline has distances for. Other regions must be listed in `available_regions`. */
const frontlineRegions: ReadonlyArray<string> = [
  "us-east-1.aws",
  "us-east-2.aws",
  "us-west-1.aws",
  "us-west-2.aws",
  "ca-central-1.aws",
  "eu-west-1.aws",
  "eu-west-2.aws",
  "eu-central-1.aws",
  "eu-north-1.aws",
  "ap-south-1.aws",
  "ap-northeast-1.aws",
  "ap-southeast-1.aws",
  "ap-southeast-2.aws",
  "local.dev"
]

export interface RegionReplicas {
  readonly region: string
  readonly replicas: number
}

/** Why a deployment cannot be placed. `field` is the setting to change, `problem` says how. */
export interface RegionProblem {
  readonly field: "region_config" | "available_regions"
  readonly problem: string
}

/**
 * Where a deployment runs and how many replicas each region gets, in code-unit order of the names: the order of durable
 * calls must be the same on every replay. An empty `regionConfig` means one replica in every available region;
 * otherwise exactly its regions. A region must be available or known to frontline, so that a tenant's text never
 * becomes the key of a region.
 */
export const decideRegions = (
  regionConfig: Readonly<Record<string, unknown>>,
  availableRegions: ReadonlyArray<string>
): Either.Either<ReadonlyArray<RegionReplicas>, RegionProblem> => {
  const available = new Set(availableRegions)
  const known = new Set([...availableRegions, ...frontlineRegions])
  const configured = Object.keys(regionConfig)
  const field = configured.length === 0 ? "available_regions" : "region_config"
  const regions = (configured.length === 0 ? [...available] : configured).sort()
  if (regions.length === 0) return refuse(field, "there is no region to run in")
  if (regions.length > maxRegions) return refuse(field, `${regions.length} regions are more than ${maxRegions}`)
  const placed: Array<RegionReplicas> = []
  for (const region of regions) {
    const replicas = field === "region_config" ? regionConfig[region] : 1
    if (region === "" || !fitsCodePoints(region, maxRegionCharacters))
      return refuse(field, "a region name is empty or too long")
    if (!known.has(region)) return refuse(field, `region ${region} is not available`)
    if (!isReplicaCount(replicas)) return refuse(field, `region ${region} needs 1 to ${maxReplicas} replicas`)
    placed.push({ region, replicas })
  }
  return Either.right(placed)
}

const refuse = (field: RegionProblem["field"], problem: string): Either.Either<never, RegionProblem> =>
  Either.left({ field, problem })

const isReplicaCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxReplicas
