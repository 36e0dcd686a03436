import { CertificateService } from "./CertificateService.ts"
import { DeployService } from "./DeployService.ts"
import { KeyRefillService } from "./KeyRefillService.ts"
import { QuotaCheckService } from "./QuotaCheckService.ts"

/**
 * A timestamp text: the beginning of the period that contains an instant, in UTC, so that a late firing has the same
 * text.
 */
export interface Stamp {
  /** Of an instant in Unix milliseconds. */
  readonly of: (instant: number) => string
  /** The same in a shell, from the seconds that `$now` holds, for the `date` of GNU and of BusyBox. */
  readonly shell: string
}

const stamp = (format: string, length: number, seconds: number): Stamp => ({
  of: (instant) => new Date(instant - (instant % (seconds * 1000))).toISOString().slice(0, length),
  shell: `$(date -u -d "@${seconds === 1 ? "$now" : `$((now - now % ${seconds}))`}" +${format})`
})

const month = stamp("%Y-%m", 7, 1)
const day = stamp("%Y-%m-%d", 10, 1)
const quarterOfAnHour = stamp("%Y-%m-%dT%H:%M", 16, 900)

export interface Schedule {
  /** The job's name, for schedulers and on the command line. */
  readonly name: string
  /** In UTC. */
  readonly cron: string
  readonly service: string
  readonly handler: string
  /** The object's key: fixed, or the stamp of the instant. */
  readonly key: string | Stamp
  /** Prefix of the idempotency key: with the stamp of the instant, repeated firings count as one. */
  readonly idempotency: { readonly prefix: string; readonly stamp: Stamp }
  readonly payload: Readonly<Record<string, unknown>>
}

/** Every job that a scheduler has to fire. A firing is a one-way message to Restate. */
export const schedules: ReadonlyArray<Schedule> = [
  {
    name: "scale-down-idle",
    cron: "*/15 * * * *",
    service: DeployService.name,
    handler: "ScaleDownIdlePreviewDeployments",
    key: "global",
    idempotency: { prefix: "scale-down-idle-", stamp: quarterOfAnHour },
    payload: {}
  },
  {
    name: "quota-check",
    cron: "0 15 * * *",
    service: QuotaCheckService.name,
    handler: "RunCheck",
    key: month,
    idempotency: { prefix: "quota-check-", stamp: day },
    payload: {}
  },
  {
    name: "cert-renewal",
    cron: "0 3 * * *",
    service: CertificateService.name,
    handler: "RenewExpiringCertificates",
    key: "global",
    idempotency: { prefix: "cert-renewal-", stamp: day },
    payload: { daysBeforeExpiry: 30 }
  },
  {
    name: "key-refill",
    cron: "0 0 * * *",
    service: KeyRefillService.name,
    handler: "RunRefill",
    key: day,
    idempotency: { prefix: "key-refill-", stamp: day },
    payload: {}
  }
]

export interface Firing {
  readonly service: string
  readonly key: string
  readonly handler: string
  readonly input: unknown
  readonly idempotencyKey: string
}

/** The message of a schedule at an instant in Unix milliseconds. */
export const firingOf = (schedule: Schedule, instant: number): Firing => {
  const { handler, idempotency, key, payload, service } = schedule
  return {
    service,
    key: typeof key === "string" ? key : key.of(instant),
    handler,
    input: payload,
    idempotencyKey: idempotency.prefix + idempotency.stamp.of(instant)
  }
}
