import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer } from "effect"
import { WorkerConfig } from "../config.ts"
import { HttpHeartbeatLive } from "../layers/HttpHeartbeatLive.ts"
import { KeyRefillStoreLive } from "../layers/mysql/KeyRefillStoreLive.ts"
import { QuotaStoreLive } from "../layers/mysql/QuotaStoreLive.ts"
import { PrometheusJobProgressLive } from "../layers/PrometheusJobProgress.ts"
import { SlackNotifierLive } from "../layers/SlackNotifierLive.ts"
import type { Implementation } from "../restate/Implementation.ts"
import type { Heartbeat } from "../services/Heartbeat.ts"
import type { JobProgress } from "../services/JobProgress.ts"
import type { KeyRefillStore } from "../services/KeyRefillStore.ts"
import type { Notifier } from "../services/Notifier.ts"
import type { QuotaStore } from "../services/QuotaStore.ts"
import { UpkeepSettings } from "../services/UpkeepSettings.ts"
import { ClickhouseUnavailable, UsageSource } from "../services/Usage.ts"
import { KeyRefillWorkflows } from "../workflows/keyRefill/KeyRefillWorkflows.ts"
import { QuotaCheckWorkflows } from "../workflows/quotaCheck/QuotaCheckWorkflows.ts"
import { QuotaNoticeWorkflows } from "../workflows/quotaCheck/QuotaNoticeWorkflows.ts"

/** What the scheduled jobs stand on. */
export type UpkeepServices =
  | Heartbeat
  | JobProgress
  | KeyRefillStore
  | Notifier
  | QuotaStore
  | UpkeepSettings
  | UsageSource

export const upkeepWorkflows: ReadonlyArray<Implementation<UpkeepServices>> = [
  KeyRefillWorkflows,
  QuotaCheckWorkflows,
  QuotaNoticeWorkflows
]

const Settings = Layer.effect(
  UpkeepSettings,
  Effect.map(WorkerConfig, ({ keyRefill, quotaCheck }) => ({
    refillBatchSize: keyRefill.batchSize,
    minimumUsage: quotaCheck.minimumUsage
  }))
)

const Slack = Layer.unwrapEffect(Effect.map(WorkerConfig, ({ slack }) => SlackNotifierLive(slack.quotaCheckWebhookUrl)))

const Monitors = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ heartbeat }) =>
    HttpHeartbeatLive({
      cert_renewal: heartbeat.certRenewalUrl,
      quota_check: heartbeat.quotaCheckUrl,
      key_refill: heartbeat.keyRefillUrl
    })
  )
)

/** Where no analytics database is: every question is answered with that, so that no check passes for want of numbers. */
export const Usage: Layer.Layer<UsageSource> = Layer.succeed(
  UsageSource,
  UsageSource.of({ page: () => new ClickhouseUnavailable({ operation: "page of usage", reason: "not-configured" }) })
)

export const UpkeepAdapters = Layer.mergeAll(Settings, PrometheusJobProgressLive, Slack, Monitors).pipe(
  Layer.provide(FetchHttpClient.layer)
)

export const UpkeepStores = Layer.merge(KeyRefillStoreLive, QuotaStoreLive)
