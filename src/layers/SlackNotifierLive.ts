import { HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { NotificationFailed, Notifier } from "../services/Notifier.ts"
import { slackMessage } from "./slackMessage.ts"

/** Of one request: Slack answers within a second, or not at all. */
const timeout = "10 seconds"

const retryAfter = (header: string | undefined) =>
  header !== undefined && /^\d{1,6}$/.test(header) ? { retryAfterSeconds: Number(header) } : {}

/**
 * Posts to a Slack webhook; without one nobody is told, successfully. Only 200 means that Slack took the message. The address
 * is a secret: it appears in no error, and requests are not traced.
 */
export const SlackNotifierLive = (
  webhook: Option.Option<Redacted.Redacted>
): Layer.Layer<Notifier, never, HttpClient.HttpClient> =>
  Layer.effect(
    Notifier,
    Effect.map(HttpClient.HttpClient, (client) => {
      const post = (url: Redacted.Redacted, body: unknown) =>
        Effect.gen(function* () {
          const request = HttpClientRequest.post(Redacted.value(url)).pipe(HttpClientRequest.bodyUnsafeJson(body))
          const { headers, status } = yield* client.execute(request)
          if (status === 200) return
          return yield* new NotificationFailed({ reason: "refused", status, ...retryAfter(headers["retry-after"]) })
        }).pipe(
          Effect.scoped,
          Effect.catchTags({
            RequestError: () => new NotificationFailed({ reason: "unreachable" }),
            ResponseError: () => new NotificationFailed({ reason: "unreachable" })
          }),
          Effect.timeoutFail({ duration: timeout, onTimeout: () => new NotificationFailed({ reason: "timeout" }) }),
          Effect.withTracerEnabled(false)
        )
      return Notifier.of({
        quotaExceeded: (notice) =>
          Option.match(webhook, { onNone: () => Effect.void, onSome: (url) => post(url, slackMessage(notice)) })
      })
    })
  )
