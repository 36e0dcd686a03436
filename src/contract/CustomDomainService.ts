import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DatabaseRefused, InvalidRequest } from "./errors.ts"
import { id, message } from "./protojson.ts"

const refusals = Schema.Union(InvalidRequest, DatabaseRefused)

/**
 * Verifies that a custom domain belongs to the workspace that added it and leads to the platform. The key is the domain
 * in any spelling; calls are forwarded to the object of the canonical spelling. A key that is not a valid tenant
 * domain, or a row in a spelling whose name belongs to another row, is refused at once, with the reason in the row.
 * Every handler answers within seconds: a verification is a chain of short checks, and its result is in the domain's
 * row.
 */
export const CustomDomainService = Contract.object("hydra.v1.CustomDomainService", {
  /**
   * Starts a run of at most 24 hours; it replaces an earlier run. For a verified domain it repairs route and challenge.
   * A domain without a row ends the run after a few checks.
   */
  VerifyDomain: {
    input: message("hydra.v1.VerifyDomainRequest", {}),
    output: message("hydra.v1.VerifyDomainResponse", {}),
    error: refusals
  },
  /** As `VerifyDomain`, but resets attempts, error and time of the last check first. */
  RetryVerification: {
    input: message("hydra.v1.RetryVerificationRequest", {}),
    output: message("hydra.v1.RetryVerificationResponse", {}),
    error: refusals
  },
  /** One check of the run with this nonce. A no-op when another run has replaced it. */
  CheckDomain: {
    input: message("ctrl_worker.v1.CheckDomainRequest", { nonce: id() }),
    output: message("ctrl_worker.v1.CheckDomainResponse", {}),
    error: DatabaseRefused,
    ingress: "private"
  }
})
