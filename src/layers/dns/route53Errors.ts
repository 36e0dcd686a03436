import { Data } from "effect"
import { DnsZoneUnavailable } from "../../services/DnsZone.ts"

type Operation = DnsZoneUnavailable["operation"]

/** The batch does not fit what stands in the zone, or never will. */
export class BatchRejected extends Data.TaggedError("BatchRejected") {}

/** There is no zone, or no change, with that id. */
export class NotThere extends Data.TaggedError("NotThere") {}

/** What the API itself calls an error; anything else is told apart by its HTTP status. */
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

interface Told {
  readonly name: string
  readonly status: number | undefined
}

const told = (error: unknown): Told => {
  if (typeof error !== "object" || error === null) return { name: "", status: undefined }
  const name = "name" in error ? String(error.name) : ""
  const metadata = "$metadata" in error ? error.$metadata : undefined
  const hasStatus = typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
  return { name, status: hasStatus ? Number(metadata.httpStatusCode) : undefined }
}

/**
 * What an error of the SDK means, from its name and HTTP status, never from its text. The document with which the API refuses a
 * batch is one that the SDK does not understand, so an unnamed 400 on a change is such a refusal too.
 */
export const classify = (operation: Operation, error: unknown): DnsZoneUnavailable | BatchRejected | NotThere => {
  const { name, status } = told(error)
  if (missing.has(name)) return new NotThere()
  const reason = reasons.get(name)
  if (reason === undefined && operation === "change" && (name === "InvalidChangeBatch" || status === 400))
    return new BatchRejected()
  return new DnsZoneUnavailable({
    operation,
    reason: reason ?? byStatus(status),
    ...(name === "" ? {} : { code: name })
  })
}
