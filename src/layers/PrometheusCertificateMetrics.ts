import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import { Counter, Gauge } from "prom-client"
import { CertificateMetrics } from "../services/CertificateMetrics.ts"
import { CertificateStore, remainingLifeClasses } from "../services/CertificateStore.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

/** RFC 8555 section 6.7, RFC 9773 section 7.4, and what the workflow calls its own problems. */
const problemTypes: ReadonlySet<string> = new Set([
  "accountDoesNotExist",
  "alreadyReplaced",
  "alreadyRevoked",
  "badCSR",
  "badCertificate",
  "badNonce",
  "badPublicKey",
  "badRevocationReason",
  "badSignatureAlgorithm",
  "caa",
  "compound",
  "connection",
  "dns",
  "dnsProvider",
  "dnsRefused",
  "dnsSilent",
  "externalAccountRequired",
  "incorrectResponse",
  "invalidContact",
  "keyUnreadable",
  "malformed",
  "noChallenge",
  "noDelegationDomain",
  "noRoute",
  "notDelegated",
  "notStored",
  "orderGone",
  "orderNotReady",
  "paused",
  "propagation",
  "rateLimited",
  "reissueGuard",
  "rejectedIdentifier",
  "serverInternal",
  "slow",
  "tls",
  "unauthorized",
  "unavailable",
  "unsupportedContact",
  "unsupportedIdentifier",
  "userActionRequired"
])

/** The label of a problem: its type when it is a known one, so that no CA can grow the registry. */
export const problemLabel = (type: string): string => (problemTypes.has(type) ? type : "other")

export const PrometheusCertificateMetricsLive: Layer.Layer<CertificateMetrics, never, PrometheusRegistry> =
  Layer.effect(
    CertificateMetrics,
    Effect.map(PrometheusRegistry, (registry) => {
      const counter = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
        new Counter({ name: metricPrefix + name, help, labelNames, registers: [registry] })
      const orders = counter("acme_orders_total", "Orders by what became of them.", ["outcome"])
      const issuances = counter("certificate_issuances_total", "Certificates stored and given up.", ["kind", "outcome"])
      const renewalInfo = counter("acme_renewal_info_total", "Answers of the CA about renewal.", ["answer"])
      const problems = counter("acme_problems_total", "Problems on the way to a certificate, by type.", ["type"])
      const lives = new Gauge({
        name: `${metricPrefix}certificates`,
        help: "Certificates by the life they have left; each class ends where the next begins.",
        labelNames: ["remaining"],
        registers: [registry]
      })
      return CertificateMetrics.of({
        order: (outcome) => Effect.sync(() => orders.inc({ outcome })),
        issuance: (kind, outcome) => Effect.sync(() => issuances.inc({ kind, outcome })),
        renewalInfo: (answer) => Effect.sync(() => renewalInfo.inc({ answer })),
        problem: (type) => Effect.sync(() => problems.inc({ type: problemLabel(type) })),
        setRemainingLife: (counts) =>
          Effect.sync(() => {
            for (const remaining of remainingLifeClasses) lives.set({ remaining }, counts.get(remaining) ?? 0)
          })
      })
    })
  )

/** Lives are counted in days; every replica asks the database, so not more often than this. */
const sampleInterval = Duration.minutes(5)

/** Keeps the gauge of remaining lives true for as long as the scope is open. A database that is away is asked again. */
export const CertificateLifeGauge: Layer.Layer<never, never, CertificateMetrics | CertificateStore> =
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const metrics = yield* CertificateMetrics
      const store = yield* CertificateStore
      const sample = Effect.flatMap(Clock.currentTimeMillis, store.remainingLife).pipe(
        Effect.flatMap(metrics.setRemainingLife),
        Effect.catchAll((error) =>
          Effect.logWarning("Certificates cannot be counted by their remaining life", { problem: error.message })
        )
      )
      yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(sampleInterval)))
    })
  )
