import { Schema } from "effect"

const day = 86_400_000

/** The record that proves a domain has been missing since then. Unix milliseconds; of the row with this id. */
export const MissingProof = Schema.Struct({ domainId: Schema.String, since: Schema.Number })
export type MissingProof = typeof MissingProof.Type

/** What one look at DNS says. `Unclear`: too few servers answered, or they disagree, which is evidence for neither. */
export const Proof = Schema.Literal("Proven", "Missing", "Unclear")
export type Proof = typeof Proof.Type

export interface ProofSnapshot {
  readonly domainId: string
  readonly proof: Proof
  /** What earlier looks left; null when the record was there. */
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
  /** Missing for so long that the domain loses its route. */
  | { readonly _tag: "Withdraw"; readonly since: number }
  /** There again in time. */
  | { readonly _tag: "Restore"; readonly since: number }

/** A domain that was added again or verified again begins anew. */
const sinceOf = ({ domainId, known, verifiedAt }: ProofSnapshot): number | null => {
  if (known === null || known.domainId !== domainId) return null
  return verifiedAt === null || verifiedAt <= known.since ? known.since : null
}

/**
 * What a look leads to. Only a look that finds the record missing, at least `daysWithoutProof` days after the first one that did
 * and with none in between that found it, takes a route off.
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

/** For the owner, in the row. The same for one `since`, so that exactly this text can be taken back. */
export const warningOf = (record: string, since: number, daysWithoutProof: number): string =>
  `the TXT record at ${record} is missing since ${dateOf(since)}; the domain is served until ${dateOf(since + daysWithoutProof * day)} unless the record is published again`

export const withdrawalOf = (record: string, since: number): string =>
  `the TXT record at ${record} has been missing since ${dateOf(since)}, so the domain is no longer served; publish the record and verify the domain again`
