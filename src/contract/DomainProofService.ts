import { Contract } from "effect-restate"
import { RunGivenUp } from "./errors.ts"
import { message } from "./protojson.ts"
import { int64 } from "./scalars.ts"

const nothing = message("ctrl_worker.v1.DomainProofResponse", {})

/**
 * Looks again at who owns the custom domains that are served. The key is the domain in its canonical spelling;
 * `all` for the pages. A look holds the domain's key for two rounds of questions to DNS, 20 s at most, and
 * one transaction.
 */
export const DomainProofService = Contract.object("ctrl_worker.v1.DomainProofService", {
  /** One page of all served domains, each asked to look at itself within the hour; then the next page. */
  LookAtPage: {
    input: message("ctrl_worker.v1.LookAtPageRequest", { after: int64 }),
    output: nothing,
    error: RunGivenUp,
    mode: "shared",
    ingress: "private"
  },
  /**
   * Looks for the record that proves the domain. Gone for as many days as the settings allow, the domain loses its route and
   * is `failed`.
   */
  LookAtDomain: {
    input: message("ctrl_worker.v1.LookAtDomainRequest", {}),
    output: nothing,
    error: RunGivenUp,
    ingress: "private"
  }
})
