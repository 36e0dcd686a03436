import { VaultUnavailable } from "../../services/Vault.ts"
import { type OutboundError, reasonOf as reasonOfOutbound, statusOf } from "../outbound/OutboundError.ts"

type Operation = VaultUnavailable["operation"]

/** What a status that is no success says about a vault, whichever vault it is. */
const reasonOf = (status: number): VaultUnavailable["reason"] => {
  if (status === 401 || status === 403) return "denied"
  // Beside the usual ones: HashiCorp's 412 (not replicated yet), 472 and 473 (a secondary that does not serve).
  return status >= 500 || [408, 412, 429, 472, 473].includes(status) ? "unavailable" : "unexpected-answer"
}

export const unavailableBy = (operation: Operation, status: number): VaultUnavailable =>
  new VaultUnavailable({ operation, reason: reasonOf(status), status })

/** There is no answer that may be read. */
export const noAnswer =
  (operation: Operation) =>
  (error: OutboundError): VaultUnavailable =>
    new VaultUnavailable({ operation, reason: reasonOfOutbound(error), ...statusOf(error) })

/** The answer succeeded but is not what this vault is known to send. Why is not told: the answer may hold a secret. */
export const unexpectedAnswer = (operation: Operation): VaultUnavailable =>
  new VaultUnavailable({ operation, reason: "unexpected-answer" })
