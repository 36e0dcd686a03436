import { Clock, type Context, Effect, Either, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { implement, key, stateCell } from "effect-restate"
import { QuotaNoticeService } from "../../contract/QuotaNoticeService.ts"
import { NotificationFailed, Notifier, type QuotaNotice } from "../../services/quotaCheck/Notifier.ts"
import { QuotaStore } from "../../services/quotaCheck/QuotaStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { dueNotice, type LastNotice } from "./decideNotice.ts"

type NotifyInput = Input<typeof QuotaNoticeService, "Notify">

export const StoredNotice = Schema.Struct({ period: Schema.String, at: Schema.Number })
const lastNotice = stateCell("last_notice", StoredNotice)

/** The later of this object's and the Go worker's last notice of the period. */
const latestNotice = (period: string, own: Option.Option<LastNotice>, notifiedAt: number): LastNotice | null => {
  const at = Option.match(own, { onNone: () => 0, onSome: (last) => (last.period === period ? last.at : 0) })
  return Math.max(at, notifiedAt) === 0 ? null : { period, at: Math.max(at, notifiedAt) }
}

interface Receivers {
  readonly store: Context.Tag.Service<QuotaStore>
  readonly notifier: Context.Tag.Service<Notifier>
}

/** Reads the workspace's data inside the step that sends the notice, so that none of it is journaled. */
const deliver = (
  { notifier, store }: Receivers,
  workspaceId: string,
  kind: QuotaNotice["kind"],
  { limit, used }: NotifyInput
) =>
  Effect.gen(function* () {
    const [workspace] = yield* store.find([workspaceId])
    if (workspace === undefined) return
    const { name: workspaceName, orgId, stripeCustomerId, tier } = workspace
    yield* notifier.quotaExceeded({
      kind,
      workspaceId,
      workspaceName,
      orgId,
      stripeCustomerId,
      tier,
      limit: Number(limit),
      used: Number(used)
    })
  })

/**
 * Recorded after delivery: at least once. A lost notice is sent by the next check; a crash in between sends it twice.
 */
const notify = (input: NotifyInput) =>
  Effect.gen(function* () {
    const workspaceId = yield* key
    const receivers = { store: yield* QuotaStore, notifier: yield* Notifier }
    const last = latestNotice(input.period, yield* lastNotice.get, Number(input.notifiedAt))
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const kind = dueNotice(input.period, last, now)
    if (kind === null) return { outcome: "not_due" as const, retryAfterSeconds: 0 }
    const delivered = yield* Effect.either(
      databaseStep("send-quota-notice", deliver(receivers, workspaceId, kind, input), {
        error: NotificationFailed,
        retry: { maxAttempts: 3 }
      })
    )
    if (Either.isLeft(delivered) && delivered.left._tag === "DatabaseRefused") return yield* delivered.left
    if (Either.isRight(delivered)) {
      yield* lastNotice.set({ period: input.period, at: now })
      return { outcome: "sent" as const, retryAfterSeconds: 0 }
    }
    const failure = delivered.left
    yield* Effect.logWarning("A quota notice was not delivered", { problem: failure.message })
    const retryAfterSeconds = failure._tag === "NotificationFailed" ? Math.ceil(failure.retryAfterSeconds ?? 0) : 0
    return { outcome: "failed" as const, retryAfterSeconds }
  })

/** Key: workspace. The next check asks again. */
export const QuotaNoticeWorkflows = implement(
  QuotaNoticeService,
  { Notify: notify },
  {
    retry: pauseAfterRetries,
    attributes: requestAttributes("workspace_id"),
    endsWhenExhausted: ["Notify"]
  }
)
