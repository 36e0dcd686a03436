import type { RestateAdminError } from "../../operations/RestateAdmin.ts"
import { SourceUnavailable } from "../../operations/SourceUnavailable.ts"
import { shortened } from "../../text/codePoints.ts"

const longestReason = 512

/** A failed read for operators. */
export const restateUnavailable = ({ detail, reason, status }: RestateAdminError): SourceUnavailable =>
  new SourceUnavailable({
    source: "restate",
    reason: `${reason}${status === undefined ? "" : ` ${status}`}: ${shortened(detail, longestReason)}`
  })
