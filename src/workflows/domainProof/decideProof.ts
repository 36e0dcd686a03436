import { Schema } from "effect"
import { day } from "../../text/millis.ts"

/** Since when the proof record of the row with this id is missing. Unix milliseconds. */
export const MissingProof = Schema.Struct({ domainId: Schema.String, since: Schema.Number })
export type MissingProof = typeof MissingProof.Type

/** The result of one check of DNS. `Unclear`: too few servers answered, or they disagree. */
export const Proof = Schema.Literal("Proven", "Missing", "Unclear")
export type Proof = typeof Proof.Type

export interface ProofSnapshot {
  readonly domainId: string
  readonly proof: Proof
  /** State of earlier checks; null when the record was there. */
  readonly known: MissingProof | null
  /** Unix milliseconds of the last verification that succeeded. */
  readonly verifiedAt: number | null
  readonly at: number
  readonly daysWithoutProof: number
}

export type ProofDecision =
  | { readonly _tag: "Nothing" }
  /** Missing, for the first time when `isNew`. */
  | { readonly _tag: "Warn"; readonly since: number; readonly isNew: boolean }
  /** Missing for too long: the domain loses its route. */
  | { readonly _tag: "Withdraw"; readonly since: number }
  /** Present again in time. */
  | { readonly _tag: "Restore"; readonly since: number }

/** A domain that was added or verified again starts over. */
const sinceOf = ({ domainId, known, verifiedAt }: ProofSnapshot): number | null => {
  if (known === null || known.domainId !== domainId) return null
  return verifiedAt === null || verifiedAt <= known.since ? known.since : null
}

/**
 * Decides what a check leads to. The route is removed only by a check that finds the record missing at least
 * `daysWithoutProof` days after the first such check, with no check in between that found it.
 */
export const decideProof = (snapshot: ProofSnapshot): ProofDecision => {
  const { at, daysWithoutProof, known, proof } = snapshot
  const since = sinceOf(snapshot)
  switch (proof) {
    case "Unclear":
      return { _tag: "Nothing" }
    case "Proven":
      return known === null || known.domainId !== snapshot.domainId
        ? { _tag: "Nothing" }
        : { _tag: "Restore", since: known.since }
    case "Missing": {
      if (since === null) return { _tag: "Warn", since: at, isNew: true }
      return at - since >= daysWithoutProof * day ? { _tag: "Withdraw", since } : { _tag: "Warn", since, isNew: false }
    }
  }
}

const dateOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10)

/** The warning in the row, for the owner. Deterministic for one `since`, so that exactly this text can be cleared. */
export const warningOf = (record: string, since: number, daysWithoutProof: number): string =>
  `the TXT record at ${record} is missing since ${dateOf(since)}; the domain is served until ${dateOf(since + daysWithoutProof * day)} unless the record is published again`

export const withdrawalOf = (record: string, since: number): string =>
  `the TXT record at ${record} has been missing since ${dateOf(since)}, so the domain is no longer served; publish the record and verify the domain again`
