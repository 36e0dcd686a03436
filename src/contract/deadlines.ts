import { Duration } from "effect"
import { CertificateService } from "./CertificateService.ts"
import { DeployService } from "./DeployService.ts"
import { KeyRefillService } from "./KeyRefillService.ts"
import { QuotaCheckService } from "./QuotaCheckService.ts"
import { services } from "./services.ts"

/** Most handlers complete within a minute. Failing ones are retried for about an hour and then paused. */
const usual = Duration.hours(2)

/**
 * A deploy from git may queue for two hours and build until the deadline, both three times, and then waits for
 * instances.
 */
const deployLimit = (buildDeadline: Duration.Duration) =>
  Duration.sum(Duration.times(Duration.sum(Duration.hours(2), buildDeadline), 3), Duration.hours(1))

/** Jobs over all keys, workspaces or certificates, and parts of them that wait for an unavailable receiver. */
const longJob = Duration.hours(12)

/**
 * How long each handler may take in all, in milliseconds, from when it first has its key: an operator has to look at an
 * invocation that is open for longer. By `Service/handler`, for every handler. Delayed messages (the next check of a
 * domain, standby, a renewal) count from when they are due.
 */
export const deadlinesOf = (builds: { readonly deadline: Duration.Duration }): ReadonlyMap<string, number> => {
  const longer = new Map<string, Duration.Duration>([
    [`${DeployService.name}/Deploy`, deployLimit(builds.deadline)],
    [`${KeyRefillService.name}/RunRefill`, longJob],
    [`${QuotaCheckService.name}/RunCheck`, longJob],
    [`${QuotaCheckService.name}/CheckSlice`, longJob],
    [`${CertificateService.name}/RenewExpiringCertificates`, longJob]
  ])
  return new Map(
    services.flatMap(({ handlers, name }) =>
      Object.keys(handlers).map((handler): [string, number] => {
        const id = `${name}/${handler}`
        return [id, Duration.toMillis(longer.get(id) ?? usual)]
      })
    )
  )
}
