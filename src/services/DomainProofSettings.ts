import { Context } from "effect"

/** What an operator decides about domains whose owner proves them no longer. */
export class DomainProofSettings extends Context.Tag("ctrl-worker/DomainProofSettings")<
  DomainProofSettings,
  {
    /** Days for which the record has to be gone before the domain loses its route. */
    readonly daysWithoutProof: number
  }
>() {}
