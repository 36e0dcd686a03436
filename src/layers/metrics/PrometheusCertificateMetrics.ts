import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import { Counter, Gauge } from "prom-client"
import { CertificateMetrics } from "../../services/certificate/CertificateMetrics.ts"
import { CertificateStore, remainingLifeClasses } from "../../services/certificate/CertificateStore.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

/** RFC 8555 section 6.7, RFC 9773 section 7.4, and the workflow's own problem types. */
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

/** The problem's type as a label, "other" if unknown, so that a CA cannot add label values. */
export const problemLabel = (type: string): string => (problemTypes.has(type) ? type : "other")

export const PrometheusCertificateMetricsLive: Layer.Layer<CertificateMetrics, never, PrometheusRegistry> =
  Layer.effect(
    CertificateMetrics,
    Effect.map(PrometheusRegistry, (registry) => {
      const counter = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
        new Counter({ name: metricPrefix + name, help, labelNames, registers: [registry] })
      const orders = counter("acme_orders_total", "Orders by outcome.", ["outcome"])
      const issuances = counter("certificate_issuances_total", "Certificate issuances by kind and outcome.", [
        "kind",
        "outcome"
      ])
      const renewalInfo = counter("acme_renewal_info_total", "Results of renewal information requests.", ["answer"])
      const problems = counter("acme_problems_total", "Certificate problems, by type.", ["type"])
      const lives = new Gauge({
        name: `${metricPrefix}certificates`,
        help: "Certificates by remaining lifetime; each class ends where the next begins.",
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

/** Lifetimes are counted in days and every replica queries the database, so this is slow. */
const sampleInterval = Duration.minutes(5)

/** Updates the gauge of remaining lifetimes for as long as the scope is open. Retries while the database is unavailable. */
export const CertificateLifeGauge: Layer.Layer<never, never, CertificateMetrics | CertificateStore> =
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const metrics = yield* CertificateMetrics
      const store = yield* CertificateStore
      const sample = Effect.flatMap(Clock.currentTimeMillis, store.remainingLife).pipe(
        Effect.flatMap(metrics.setRemainingLife),
        Effect.catchAll((error) =>
          Effect.logWarning("Cannot query the database for remaining certificate lifetimes", { problem: error.message })
        )
      )
      yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(sampleInterval)))
    })
  )
