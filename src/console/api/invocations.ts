import { Schema } from "effect"
import { Instant } from "../../operations/Instant.ts"
import { InvocationDetail } from "../../operations/InvocationDetails.ts"
import { Journal } from "../../operations/InvocationJournal.ts"
import { SuggestedCommand } from "../../operations/invocationCommands.ts"
import { ListedInvocation } from "../../operations/lists/InvocationList.ts"
import { Answer, PageAnswer } from "./Answer.ts"

/** `GET /api/invocations?status=&service=&q=&after=&limit=`, newest first. */
export const InvocationsAnswer = PageAnswer(ListedInvocation)
export type ListedInvocationJson = typeof ListedInvocation.Encoded

/** `GET /api/services`: names for the filter. */
export const ServicesAnswer = Answer(Schema.Array(Schema.String))

/** `GET /api/invocations/:id`. */
export const InvocationPage = Schema.Struct({
  /** When it was read. */
  now: Instant,
  invocation: InvocationDetail,
  journal: Schema.NullOr(Journal),
  /** Command lines that act on it now. */
  commands: Schema.Array(SuggestedCommand)
})
export const InvocationAnswer = Answer(InvocationPage)
export type InvocationPageJson = typeof InvocationPage.Encoded
export type InvocationJson = typeof InvocationDetail.Encoded
export type JournalJson = typeof Journal.Encoded

/** The actions of `POST /api/invocations/:id/:action`. */
export const actionNames = ["resume", "retry", "cancel", "kill"] as const
export type ActionName = (typeof actionNames)[number]

/** `refused`: it cannot be done in the state in which the invocation is. */
export const ActionResult = Schema.Struct({
  outcome: Schema.Literal("accepted", "not-found", "refused"),
  /** Restate's own message; null unless refused. */
  reason: Schema.NullOr(Schema.String)
})
export const ActionAnswer = Answer(ActionResult)
export type ActionResultJson = typeof ActionResult.Encoded
