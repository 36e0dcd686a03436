import type { CancelPlan, FaultPlan } from "./Fault.ts"

export interface ClusterOptions {
  /** `always` ends the attempt at every wait, as a server with an inactivity timeout of zero does. Default `never`. */
  readonly suspend?: "always" | "never"
  readonly faults?: FaultPlan
  /** Cancels as soon as the code that reached the point has gone on: a cancellation comes from outside. */
  readonly cancels?: CancelPlan
  /** Shuffles the order in which results of bodies that ended together become known. */
  readonly shuffleSeed?: number
  /** What operations of the SDK's context answer, by the name that `fromContext` was given: there is no such context here. */
  readonly fromContext?: Readonly<Record<string, () => unknown>>
}
