import { Data } from "effect"
import { DnsZoneUnavailable } from "../../services/dns/DnsZone.ts"

type Operation = DnsZoneUnavailable["operation"]

/** The change batch conflicts with the zone's current records, or is invalid. */
export class BatchRejected extends Data.TaggedError("BatchRejected") {}

/** No zone or change with that id. */
export class NotFound extends Data.TaggedError("NotThere") {}

/** Reasons by API error code; other errors are classified by HTTP status. */
const reasons: ReadonlyMap<string, DnsZoneUnavailable["reason"]> = new Map<string, DnsZoneUnavailable["reason"]>([
  ["PriorRequestNotComplete", "conflict"],
  ["ConcurrentModification", "conflict"],
  ["Throttling", "throttled"],
  ["ThrottlingException", "throttled"],
  ["TooManyRequestsException", "throttled"],
  ["RequestLimitExceeded", "throttled"],
  ["AccessDenied", "denied"],
  ["AccessDeniedException", "denied"],
  ["ExpiredToken", "denied"],
  ["InvalidAccessKeyId", "denied"],
  ["InvalidClientTokenId", "denied"],
  ["SignatureDoesNotMatch", "denied"],
  ["UnrecognizedClientException", "denied"],
  ["AbortError", "timeout"],
  ["TimeoutError", "timeout"]
])
const missing: ReadonlySet<string> = new Set(["NoSuchHostedZone", "NoSuchChange"])

const byStatus = (status: number | undefined): DnsZoneUnavailable["reason"] => {
  if (status === undefined) return "unreachable"
  if (status === 403) return "denied"
  return status === 429 ? "throttled" : "unavailable"
}

interface SdkError {
  readonly name: string
  readonly status: number | undefined
}

const sdkError = (error: unknown): SdkError => {
  if (typeof error !== "object" || error === null) return { name: "", status: undefined }
  const name = "name" in error ? String(error.name) : ""
  const metadata = "$metadata" in error ? error.$metadata : undefined
  const hasStatus = typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
  return { name, status: hasStatus ? Number(metadata.httpStatusCode) : undefined }
}

/**
 * Classifies an SDK error by name and HTTP status, never by text. The SDK does not parse the document with which the API
 * rejects a batch, so an unnamed 400 on a change is a rejection too.
 */
export const classify = (operation: Operation, error: unknown): DnsZoneUnavailable | BatchRejected | NotFound => {
  const { name, status } = sdkError(error)
  if (missing.has(name)) return new NotFound()
  const reason = reasons.get(name)
  if (reason === undefined && operation === "change" && (name === "InvalidChangeBatch" || status === 400))
    return new BatchRejected()
  return new DnsZoneUnavailable({
    operation,
    reason: reason ?? byStatus(status),
    ...(name === "" ? {} : { code: name })
  })
}
