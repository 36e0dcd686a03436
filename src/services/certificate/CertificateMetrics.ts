import { Context, type Effect } from "effect"
import type { RemainingLife } from "./CertificateStore.ts"

/**
 * Certificate metrics. Recorded when work really runs, never on replay. Problem types are the CA's or this worker's; unknown
 * ones are counted as "other".
 */
export class CertificateMetrics extends Context.Tag("ctrl-worker/CertificateMetrics")<
  CertificateMetrics,
  {
    readonly order: (outcome: "created" | "finalized") => Effect.Effect<void>
    readonly issuance: (kind: "first" | "renewal", outcome: "stored" | "failed") => Effect.Effect<void>
    readonly renewalInfo: (answer: "suggested" | "none" | "failed") => Effect.Effect<void>
    readonly problem: (type: string) => Effect.Effect<void>
    /** Replaces all classes; a class that is absent counts zero. */
    readonly setRemainingLife: (counts: ReadonlyMap<RemainingLife, number>) => Effect.Effect<void>
  }
>() {}
