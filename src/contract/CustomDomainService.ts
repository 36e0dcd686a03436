import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DatabaseRefused, InvalidRequest } from "./errors.ts"
import { id, message } from "./protojson.ts"

const refusals = Schema.Union(InvalidRequest, DatabaseRefused)

/**
 * Verifies that a custom domain belongs to who added it and leads to us. The key is the domain, as stored in
 * `custom_domains.domain` or in any other spelling: the object of the canonical spelling does the work for all of them. A key that is
 * no domain name of a tenant, or a row in a spelling whose name belongs to another row, is refused at once, and the row says why.
 * Every handler answers within seconds: a verification is a chain of short checks, and what came of it stands in the domain's row.
 */
export const CustomDomainService = Contract.object("hydra.v1.CustomDomainService", {
  /**
   * Starts a run of at most 24 hours, at once and at any time; it takes the place of an earlier one. Of a domain that is
   * verified already it repairs route and challenge. A domain without a row ends quietly after a few looks.
   */
  VerifyDomain: {
    input: message("hydra.v1.VerifyDomainRequest", {}),
    output: message("hydra.v1.VerifyDomainResponse", {}),
    error: refusals
  },
  /** The same from the beginning: attempts, error and time of the last check are taken back first. */
  RetryVerification: {
    input: message("hydra.v1.RetryVerificationRequest", {}),
    output: message("hydra.v1.RetryVerificationResponse", {}),
    error: refusals
  },
  /** One check of the run with this nonce. Does nothing, successfully, when another run has taken its place. */
  CheckDomain: {
    input: message("ctrl_worker.v1.CheckDomainRequest", { nonce: id() }),
    output: message("ctrl_worker.v1.CheckDomainResponse", {}),
    error: DatabaseRefused,
    ingress: "private"
  }
})
