import { fullUrl } from "../httpAddresses.ts"
import { count, integer } from "../kinds.ts"
import { optional, redacted, withDefault } from "../Setting.ts"

/** Such an address is a secret: any caller that knows it can call it. */
const itself = { secret: "the address itself: any caller that knows it can call it" }

/** Monitors of scheduled jobs. */
export const heartbeat = {
  certRenewalUrl: optional(redacted(fullUrl(itself)), "Called with GET after each successful renewal of certificates."),
  quotaCheckUrl: optional(redacted(fullUrl(itself)), "Called with GET after each successful quota check."),
  keyRefillUrl: optional(redacted(fullUrl(itself)), "Called with GET after each successful refill of keys.")
}

export const slack = {
  quotaCheckWebhookUrl: optional(redacted(fullUrl(itself)), "The Slack webhook for notices of exceeded quotas.")
}

export const quotaCheck = {
  minimumUsage: withDefault(count, 150_000, "Workspaces with fewer requests per month are not checked.")
}

export const keyRefill = {
  batchSize: withDefault(
    integer({ min: 1, max: 5_000 }),
    1_000,
    "Keys per transaction. bench/RESULTS.md has the measurements."
  )
}
