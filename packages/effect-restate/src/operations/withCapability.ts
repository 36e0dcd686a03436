import { Effect } from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import type {
  Capabilities,
  CapabilityName,
  DurablePromises,
  ObjectKey,
  StateRead,
  StateWrite
} from "../contract/Capability.ts"
import { type Durable, withAttempt } from "./Durable.ts"
import { CapabilityMissing, StateIsReadOnly } from "./DurableError.ts"

/** The requirements of an exclusive handler of an object. */
export type ObjectContext = Durable | ObjectKey | StateRead | StateWrite
/** The requirements of a shared handler of an object. */
export type ObjectSharedContext = Durable | ObjectKey | StateRead
/** The requirements of a workflow's `run`. */
export type WorkflowContext = ObjectContext | DurablePromises
/** The requirements of a workflow's other handlers. */
export type WorkflowSharedContext = ObjectSharedContext | DurablePromises

/** What an operation is about, in the words of the error that refuses it. */
const subjects: Readonly<Record<CapabilityName, string>> = {
  ObjectKey: "key",
  StateRead: "state",
  StateWrite: "state",
  DurablePromises: "durable promises"
}

/**
 * As `withAttempt`, for an operation that not every handler has. The compiler refuses it elsewhere; where its requirement was
 * cast away it is a defect, before anything is journaled. `state` names what a write writes.
 */
export const withCapability = <Name extends CapabilityName, A, E>(
  name: Name,
  use: (attempt: Attempt) => Effect.Effect<A, E>,
  state = "*"
): Effect.Effect<A, E, Durable | Capabilities[Name]> =>
  withAttempt<A, E, Capabilities[Name]>((attempt) => {
    const { capabilities, kind } = attempt.handler
    if (capabilities.has(name)) return use(attempt)
    const { handler, service } = attempt.journal.target
    return Effect.die(
      name === "StateWrite" && capabilities.has("StateRead")
        ? new StateIsReadOnly({ handler, state })
        : new CapabilityMissing({ handler: `${service}/${handler}`, kind, subject: subjects[name] })
    )
  })

/** The key of the object this handler runs on, or the id of its workflow. */
export const key: Effect.Effect<string, never, Durable | ObjectKey> = withCapability("ObjectKey", ({ journal }) =>
  Effect.succeed(journal.target.key)
)
