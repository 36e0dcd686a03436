import { VaultUnavailable } from "../../services/vault/Vault.ts"
import { type OutboundError, reasonOf as reasonOfOutbound, statusOf } from "../outbound/OutboundError.ts"

type Operation = VaultUnavailable["operation"]

/** The reason of a failed status, for all vaults. */
const reasonOf = (status: number): VaultUnavailable["reason"] => {
  if (status === 401 || status === 403) return "denied"
  // Besides the usual ones: HashiCorp's 412 (not replicated yet), 472 and 473 (a standby or secondary).
  return status >= 500 || [408, 412, 429, 472, 473].includes(status) ? "unavailable" : "unexpected-answer"
}

export const unavailableBy = (operation: Operation, status: number): VaultUnavailable =>
  new VaultUnavailable({ operation, reason: reasonOf(status), status })

/** No usable response. */
export const noAnswer =
  (operation: Operation) =>
  (error: OutboundError): VaultUnavailable =>
    new VaultUnavailable({ operation, reason: reasonOfOutbound(error), ...statusOf(error) })

/** A successful response of an unknown format. The cause is not included: the response may hold a secret. */
export const unexpectedAnswer = (operation: Operation): VaultUnavailable =>
  new VaultUnavailable({ operation, reason: "unexpected-answer" })
