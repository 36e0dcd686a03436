import { Duration } from "effect"
import { CertificateService } from "./CertificateService.ts"
import { DeployService } from "./DeployService.ts"
import { KeyRefillService } from "./KeyRefillService.ts"
import { QuotaCheckService } from "./QuotaCheckService.ts"
import { services } from "./services.ts"

/** Most handlers are over within a minute. Those that fail are repeated for about an hour before they are paused. */
const usual = Duration.hours(2)

/** A deploy from git may queue for two hours and build until the deadline, three times over, and then waits for instances. */
const deployLimit = (buildDeadline: Duration.Duration) =>
  Duration.sum(Duration.times(Duration.sum(Duration.hours(2), buildDeadline), 3), Duration.hours(1))

/** Jobs over all keys, workspaces or certificates, and parts of them that wait for a silent receiver. */
const longJob = Duration.hours(12)

/**
 * How long each handler may take in all, in milliseconds, from the moment it first has its key: what is open for longer
 * needs a person. By `Service/handler`, every handler of every service. What this worker does hours or months later
 * (the next look at a domain, standby, a renewal) is a message with a delay, which takes no time at all until it is due.
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
