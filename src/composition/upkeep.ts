import { Effect, Layer } from "effect"
import { WorkerConfig } from "../config.ts"
import { HttpHeartbeatLive } from "../layers/HttpHeartbeatLive.ts"
import { PrometheusJobProgressLive } from "../layers/metrics/PrometheusJobProgress.ts"
import { SlackNotifierLive } from "../layers/slack/SlackNotifierLive.ts"
import { UpkeepSettings } from "../services/UpkeepSettings.ts"

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

export const UpkeepAdapters = Layer.mergeAll(Settings, PrometheusJobProgressLive, Slack, Monitors)
