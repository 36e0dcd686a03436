import { Context, type Effect } from "effect"
import type { RemainingLife } from "./CertificateStore.ts"

/**
 * What operators can count about certificates. Called where something really happens, never on replay. A problem's type is
 * one of the CA's or our own; others are counted together.
 */
export class CertificateMetrics extends Context.Tag("ctrl-worker/CertificateMetrics")<
  CertificateMetrics,
  {
    readonly order: (outcome: "created" | "finalized") => Effect.Effect<void>
    readonly issuance: (kind: "first" | "renewal", outcome: "stored" | "failed") => Effect.Effect<void>
    readonly renewalInfo: (answer: "suggested" | "none" | "failed") => Effect.Effect<void>
    readonly problem: (type: string) => Effect.Effect<void>
    /** Replaces every class; those that are not named have none. */
    readonly setRemainingLife: (counts: ReadonlyMap<RemainingLife, number>) => Effect.Effect<void>
  }
>() {}
