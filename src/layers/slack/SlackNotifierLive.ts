import { HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { NotificationFailed, Notifier } from "../../services/quotaCheck/Notifier.ts"
import { slack } from "../outbound/bounds.ts"
import { deliveryFailure, type OutboundError } from "../outbound/OutboundError.ts"
import { openOutbound } from "../outbound/OutboundHttp.ts"
import { slackMessage } from "./slackMessage.ts"

const retryAfter = (header: string | undefined) =>
  header !== undefined && /^\d{1,6}$/.test(header) ? { retryAfterSeconds: Number(header) } : {}

const failed = (error: OutboundError) => new NotificationFailed(deliveryFailure(error))

/**
 * Posts to a Slack webhook; succeeds at once if none is configured. Slack accepts a message with status 200 only. The webhook
 * URL is a secret: errors do not include it, and requests are not traced.
 */
export const SlackNotifierLive = (webhook: Option.Option<Redacted.Redacted>): Layer.Layer<Notifier> =>
  Layer.scoped(
    Notifier,
    Effect.map(openOutbound({ bounds: slack, reading: "head" }), (send) => {
      const post = (url: Redacted.Redacted, body: unknown) =>
        Effect.gen(function* () {
          const request = HttpClientRequest.post(Redacted.value(url)).pipe(HttpClientRequest.bodyUnsafeJson(body))
          const { headers, status } = yield* Effect.mapError(send(request), failed)
          if (status === 200) return
          return yield* new NotificationFailed({ reason: "refused", status, ...retryAfter(headers["retry-after"]) })
        })
      return Notifier.of({
        quotaExceeded: (notice) =>
          Option.match(webhook, { onNone: () => Effect.void, onSome: (url) => post(url, slackMessage(notice)) })
      })
    })
  )
