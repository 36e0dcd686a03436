import { Duration, Effect, Layer } from "effect"
import type { AdminClient } from "effect-restate/admin"
import { type ActionOutcome, InvocationActions } from "../../operations/InvocationActions.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"

const actionTimeout = Duration.seconds(10)

const accepted: ActionOutcome = { _tag: "accepted" }
const notFound: ActionOutcome = { _tag: "not-found" }

const action = (operation: string, request: AdminClient["cancel"]) => (id: string) =>
  request(id).pipe(
    Effect.as(accepted),
    Effect.catchTags({
      AdminNotFound: () => Effect.succeed(notFound),
      AdminConflict: ({ reason }) => Effect.succeed<ActionOutcome>({ _tag: "refused", reason })
    }),
    asked(operation, actionTimeout)
  )

/** Restate's admin API over HTTP. */
export const InvocationActionsHttpLive = (options: RestateAdminOptions): Layer.Layer<InvocationActions> =>
  Layer.scoped(
    InvocationActions,
    Effect.map(makeAdminClient(options), (admin) =>
      InvocationActions.of({
        cancel: action("cancel", admin.cancel),
        kill: action("kill", admin.kill),
        resume: action("resume", (id) => admin.resume(id))
      })
    )
  )
