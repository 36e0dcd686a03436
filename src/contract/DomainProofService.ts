import { Contract } from "effect-restate"
import { RunGivenUp } from "./errors.ts"
import { message } from "./protojson.ts"
import { int64 } from "./scalars.ts"

const nothing = message("ctrl_worker.v1.DomainProofResponse", {})

/**
 * Checks daily that the custom domains in service still have their ownership record. The key is the domain in its
 * canonical spelling; `all` for the pages. A check holds the domain's key for two rounds of DNS queries, 20 s at most,
 * and one transaction.
 */
export const DomainProofService = Contract.object("ctrl_worker.v1.DomainProofService", {
  /** Schedules the checks of one page of domains within the next hour, then continues with the next page. */
  LookAtPage: {
    input: message("ctrl_worker.v1.LookAtPageRequest", { after: int64 }),
    output: nothing,
    error: RunGivenUp,
    mode: "shared",
    ingress: "private"
  },
  /**
   * Checks the ownership record of the domain. Once it has been missing for the configured number of days, the domain
   * loses its route and becomes `failed`.
   */
  LookAtDomain: {
    input: message("ctrl_worker.v1.LookAtDomainRequest", {}),
    output: nothing,
    error: RunGivenUp,
    ingress: "private"
  }
})
