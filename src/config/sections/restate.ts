import { Duration } from "effect"
import { httpUrl } from "../httpAddresses.ts"
import { duration, flag, integer, list, matching, nonEmptyText, port, secretText } from "../kinds.ts"
import { isGiven, optional, redacted, withDefault } from "../Setting.ts"

/** How Restate calls this worker, and how this worker calls Restate. */
export const restate = {
  adminUrl: withDefault(
    httpUrl({ secret: "restate.api_key", when: (given) => isGiven(given, "restate.api_key") }),
    "http://restate:9070",
    "Restate's admin API."
  ),
  apiKey: optional(redacted(secretText), "The bearer token of the admin API."),
  ingressUrl: optional(
    httpUrl("nothing secret"),
    "Restate's ingress, through which `cron` and `reissue` send. The worker does not call it."
  ),
  httpHost: withDefault(nonEmptyText, "0.0.0.0", "The address on which the port for Restate and probes listens."),
  httpPort: withDefault(port, 9080, "The port for Restate (h2c and HTTP/1.1) and `/health/*`."),
  registerAs: optional(
    httpUrl("nothing secret"),
    "At the start, the worker registers this address with Restate, and is not ready before that. A new build needs a new address."
  ),
  forceRegistration: withDefault(
    flag,
    false,
    "Replaces the deployment at that address even if it has open invocations. For manual use only."
  ),
  requestIdentityKeys: withDefault(
    list(matching(/^publickeyv1_[1-9A-HJ-NP-Za-km-z]+$/, "publickeyv1_...")),
    [],
    "The public keys of the Restate servers that may call the worker. If the list is empty, requests are not authenticated."
  ),
  concurrentAttempts: withDefault(
    integer({ min: 16, max: 100_000 }),
    512,
    "Concurrent attempts of invocations, about 0.3 MiB each; further attempts wait, and idle attempts are suspended."
  ),
  drainTimeout: withDefault(
    duration({ min: Duration.zero, max: Duration.minutes(10) }),
    Duration.seconds(25),
    "How long running attempts may take to finish after SIGTERM. The default is five seconds below Kubernetes' default grace period."
  )
}
