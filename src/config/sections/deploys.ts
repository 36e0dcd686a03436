import { Duration } from "effect"
import { duration } from "../kinds.ts"
import { withDefault } from "../Setting.ts"

/** Deployments. */
export const deploys = {
  failureGrace: withDefault(
    duration({ min: Duration.seconds(1), max: Duration.minutes(15) }),
    Duration.minutes(3),
    "How long all instances of a region may be failed without a break before the deploy fails. krane reports an instance that runs and is not ready yet as failed, so a health check that allows a longer start extends this time."
  )
}
