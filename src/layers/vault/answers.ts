import { VaultUnavailable } from "../../services/vault/Vault.ts"
import { type OutboundError, reasonOf as reasonOfOutbound, statusOf } from "../outbound/OutboundError.ts"
import { reasonOfStatus } from "../outbound/status.ts"

type Operation = VaultUnavailable["operation"]

/** The reason of a failed status, for all vaults. */
const reasonOf = (status: number): VaultUnavailable["reason"] =>
  // Besides the usual ones: HashiCorp's 412 (not replicated yet), 472 and 473 (a standby or secondary).
  [408, 412, 472, 473].includes(status) ? "unavailable" : reasonOfStatus(status)

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
