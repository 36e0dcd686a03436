import { Context, type Effect } from "effect"
import type { AddressState, RestateAdminError } from "./RestateAdmin.ts"

/** A deployment in Restate's terms: a version of this worker, or of another application on the same Restate. */
export interface RegisteredVersion {
  readonly id: string
  /** Its endpoint: a URI, or the ARN of a function. */
  readonly address: string
  /** Time of its first registration, in ISO 8601. */
  readonly createdAt: string
  readonly services: ReadonlyArray<string>
  /** Services whose new invocations go to it. */
  readonly newestOn: ReadonlyArray<string>
}

/** Restate returns a trailing slash even if registered without one. */
const sameAddress = (a: string, b: string): boolean => a.replace(/\/+$/, "") === b.replace(/\/+$/, "")

/**
 * Registering a known address changes nothing: new invocations continue to go to the deployment that was last registered under
 * a new address.
 */
export const stateOfAddress = (address: string, versions: ReadonlyArray<RegisteredVersion>): AddressState => {
  const version = versions.find((each) => sameAddress(each.address, address))
  if (version === undefined) return { isRegistered: false, elsewhere: [] }
  return {
    isRegistered: true,
    elsewhere: version.services.flatMap((service) => {
      const newest = versions.find(({ newestOn }) => newestOn.includes(service))
      return newest === undefined || newest === version ? [] : [{ service, address: newest.address }]
    })
  }
}

/** Describes, for logs, which addresses get the new invocations of how many services. */
export const describeElsewhere = ({ elsewhere }: AddressState): string => {
  const addresses = [...new Set(elsewhere.map(({ address }) => address))].sort().join(", ")
  return `new work of ${elsewhere.length} ${elsewhere.length === 1 ? "service" : "services"} goes to ${addresses}`
}

/** Open invocations by deployment id; a deployment without any is absent. */
export type Unfinished = ReadonlyMap<string, number>

/**
 * The deployments that Restate knows. Safe to repeat. Each call scans all invocations that Restate retains: for operators, not
 * for probes.
 */
export class RestateVersions extends Context.Tag("ctrl-worker/RestateVersions")<
  RestateVersions,
  {
    /** Newest first. */
    readonly registered: Effect.Effect<ReadonlyArray<RegisteredVersion>, RestateAdminError>
    /**
     * An invocation is pinned to the deployment that its journal began on; before that, it counts for the deployment of its
     * attempt. An invocation that waits for its key or start time is not pinned and goes to the newest deployment.
     */
    readonly unfinished: Effect.Effect<Unfinished, RestateAdminError>
    /**
     * Removes the deployment from Restate, even if invocations are pinned to it: Restate 1.7 has no other mode. Succeeds if it
     * is already gone.
     */
    readonly remove: (id: string) => Effect.Effect<void, RestateAdminError>
  }
>() {}

/**
 * `foreign`: serves other services. `newest`: gets new invocations of a service. `draining`: has open invocations and gets no
 * new ones. `drained`: can be removed.
 */
export type DrainState = "foreign" | "newest" | "draining" | "drained"

export interface ClassifiedVersion extends RegisteredVersion {
  readonly state: DrainState
  readonly unfinished: number
}

const drainStateOf = (version: RegisteredVersion, unfinished: number, ours: ReadonlySet<string>): DrainState => {
  if (version.services.length === 0 || version.services.some((service) => !ours.has(service))) return "foreign"
  if (version.newestOn.length > 0) return "newest"
  return unfinished > 0 ? "draining" : "drained"
}

export interface Removal {
  readonly versions: ReadonlyArray<ClassifiedVersion>
  /** Drained versions. */
  readonly remove: ReadonlyArray<ClassifiedVersion>
  /** Versions that can be removed once their invocations complete. */
  readonly draining: ReadonlyArray<ClassifiedVersion>
  /** Open invocations of deployments that are no longer registered. */
  readonly orphaned: ReadonlyArray<{ readonly deployment: string; readonly unfinished: number }>
}

/** Decides which versions can be removed, by new and open invocations. `ours` are the names of this worker's services. */
export const decideRemoval = (
  registered: ReadonlyArray<RegisteredVersion>,
  unfinished: Unfinished,
  ours: ReadonlySet<string>
): Removal => {
  const versions = registered.map((version): ClassifiedVersion => {
    const left = unfinished.get(version.id) ?? 0
    return { ...version, unfinished: left, state: drainStateOf(version, left, ours) }
  })
  const known = new Set(registered.map(({ id }) => id))
  return {
    versions,
    orphaned: [...unfinished]
      .filter(([deployment]) => !known.has(deployment))
      .map(([deployment, left]) => ({ deployment, unfinished: left })),
    remove: versions.filter(({ state }) => state === "drained"),
    draining: versions.filter(({ state }) => state === "draining")
  }
}
