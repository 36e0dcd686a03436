import { Clock, Effect } from "effect"
import type { Input } from "effect-restate"
import { implement, key, onRollback, saga, step, uuid } from "effect-restate"
import { pauseAfterRetries } from "../../src/workflows/retry.ts"
import { MaintenanceService, NoticeStands } from "./MaintenanceService.ts"
import { planWindow } from "./planWindow.ts"
import { StatusPage } from "./StatusPage.ts"

/** Three attempts only: the message is of use for some minutes. */
const briefly = { maxAttempts: 3, initialInterval: "1 second" } as const

/** Best effort: the window has ended, also when the subscribers cannot be told. */
const tellSubscribers = (projectId: string, noticeId: string) =>
  Effect.gen(function* () {
    const page = yield* StatusPage
    return yield* step("tell-subscribers", page.tellSubscribers(projectId, noticeId), { retry: briefly }).pipe(
      Effect.as(true),
      Effect.catchTag("StepFailed", ({ reason }) =>
        Effect.as(Effect.logWarning("Subscribers were not told", { projectId, reason }), false)
      )
    )
  })

const announce = ({ minutes, text }: Input<typeof MaintenanceService, "Announce">) =>
  saga(
    Effect.gen(function* () {
      const page = yield* StatusPage
      const projectId = yield* key
      const { closesAt, opensAt } = yield* planWindow(minutes, yield* Clock.currentTimeMillis)
      // Made before the step: a body that is repeated shows the same notice.
      const id = yield* uuid
      // Registered before the effect: a cancellation may meet the step half-way, so hiding tolerates that nothing is shown.
      yield* onRollback(() => step("take-notice-back", page.hide(projectId, id)))
      yield* step("show-notice", page.show({ id, projectId, text, until: closesAt }), { error: NoticeStands })
      yield* Effect.sleep(closesAt - opensAt)
      yield* step("hide-notice", page.hide(projectId, id))
      return { subscribersTold: yield* tellSubscribers(projectId, id) }
    })
  )

/** Key: project. */
export const MaintenanceWorkflows = implement(MaintenanceService, { Announce: announce }, { retry: pauseAfterRetries })
