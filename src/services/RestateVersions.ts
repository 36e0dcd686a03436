import { Context, type Effect } from "effect"
import type { AddressState, RestateAdminError } from "./RestateAdmin.ts"

/** A version of this worker, or of another application on the same Restate: what Restate calls a deployment. */
export interface RegisteredVersion {
  readonly id: string
  /** Where Restate calls it: a URI, or the ARN of a function. */
  readonly address: string
  /** Instant of its first registration, in ISO 8601. */
  readonly createdAt: string
  readonly services: ReadonlyArray<string>
  /** Of its services those whose new invocations go to it. */
  readonly newestOn: ReadonlyArray<string>
}

/** Restate answers with a trailing slash where it was registered without one. */
const sameAddress = (a: string, b: string): boolean => a.replace(/\/+$/, "") === b.replace(/\/+$/, "")

/**
 * Registering an address that Restate knows already changes nothing: new work goes on to the version that was registered
 * last under a new address, and this one gets none.
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

/** For people: who gets the work of how many services. */
export const describeElsewhere = ({ elsewhere }: AddressState): string => {
  const addresses = [...new Set(elsewhere.map(({ address }) => address))].sort().join(", ")
  return `new work of ${elsewhere.length} ${elsewhere.length === 1 ? "service" : "services"} goes to ${addresses}`
}

/** Invocations that are not completed, by the id of the version they are bound to; a version without any is absent. */
export type Unfinished = ReadonlyMap<string, number>

/**
 * The versions that Restate knows. Asking may be repeated at any time, and reads what Restate has about every
 * invocation: for people, not for probes.
 */
export class RestateVersions extends Context.Tag("ctrl-worker/RestateVersions")<
  RestateVersions,
  {
    /** Newest first. */
    readonly registered: Effect.Effect<ReadonlyArray<RegisteredVersion>, RestateAdminError>
    /**
     * An invocation is bound to the version that its journal began on and, while that has not begun, to the one its attempt
     * runs on. What waits for its key or its time is bound to none, and will go to the newest.
     */
    readonly unfinished: Effect.Effect<Unfinished, RestateAdminError>
    /**
     * Takes the version out of Restate, whatever is bound to it: Restate 1.7 knows no other way. A version that is gone
     * already is a success.
     */
    readonly remove: (id: string) => Effect.Effect<void, RestateAdminError>
  }
>() {}

/**
 * `foreign`: serves something that is not ours, and is none of our business. `newest`: new invocations of a service go to
 * it. `draining`: it has work to finish and gets no more. `drained`: nothing needs it.
 */
export type Standing = "foreign" | "newest" | "draining" | "drained"

export interface JudgedVersion extends RegisteredVersion {
  readonly standing: Standing
  readonly unfinished: number
}

const standingOf = (version: RegisteredVersion, unfinished: number, ours: ReadonlySet<string>): Standing => {
  if (version.services.length === 0 || version.services.some((service) => !ours.has(service))) return "foreign"
  if (version.newestOn.length > 0) return "newest"
  return unfinished > 0 ? "draining" : "drained"
}

export interface Removal {
  readonly versions: ReadonlyArray<JudgedVersion>
  /** The versions that nothing needs. */
  readonly remove: ReadonlyArray<JudgedVersion>
  /** The versions that will be removable once their work is done. */
  readonly awaited: ReadonlyArray<JudgedVersion>
  /** Work of versions that are not registered any more. */
  readonly leftBehind: ReadonlyArray<{ readonly deployment: string; readonly unfinished: number }>
}

/** Which versions may be removed, by who takes new work and who has work left. `ours` are the names of our services. */
export const decideRemoval = (
  registered: ReadonlyArray<RegisteredVersion>,
  unfinished: Unfinished,
  ours: ReadonlySet<string>
): Removal => {
  const versions = registered.map((version): JudgedVersion => {
    const left = unfinished.get(version.id) ?? 0
    return { ...version, unfinished: left, standing: standingOf(version, left, ours) }
  })
  const known = new Set(registered.map(({ id }) => id))
  return {
    versions,
    leftBehind: [...unfinished]
      .filter(([deployment]) => !known.has(deployment))
      .map(([deployment, left]) => ({ deployment, unfinished: left })),
    remove: versions.filter(({ standing }) => standing === "drained"),
    awaited: versions.filter(({ standing }) => standing === "draining")
  }
}
