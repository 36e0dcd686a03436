import { Context } from "effect"

/** Settings for domains whose ownership record disappears. */
export class DomainProofSettings extends Context.Tag("ctrl-worker/DomainProofSettings")<
  DomainProofSettings,
  {
    /** Days without the record after which the domain loses its route. */
    readonly daysWithoutProof: number
  }
>() {}
