import { HttpRouter, HttpServerRequest } from "@effect/platform"
import { Effect, Schema } from "effect"
import { type ActionOutcome, InvocationActions } from "../../operations/InvocationActions.ts"
import { ActionAnswer, type ActionName, actionNames } from "../api/invocations.ts"
import { ApiProblem } from "./ApiProblem.ts"
import { answering } from "./answers.ts"
import { ConsoleSettings } from "./ConsoleSettings.ts"
import { CurrentUser } from "./identify.ts"
import { pathParameter } from "./parameters.ts"
import { requireSameOrigin } from "./sameOrigin.ts"

const actionAnswer = answering(ActionAnswer)
const isActionName = Schema.is(Schema.Literal(...actionNames))
const isInvocation = (id: string): boolean => /^inv_[0-9A-Za-z]{10,60}$/.test(id)

const forbidden = (error: string) => new ApiProblem({ status: 403, error })

/**
 * An action comes from the console's page or from a program. A form or a script of another site can send neither JSON nor this
 * header without asking first, which this server never allows.
 */
const requireIntended = Effect.gen(function* () {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  yield* requireSameOrigin(headers)
  if (headers["x-console-action"] !== "1") return yield* forbidden("the header x-console-action is missing")
  if (!/^application\/json\b/.test(headers["content-type"] ?? ""))
    return yield* new ApiProblem({ status: 415, error: "expected application/json" })
})

const act = (action: ActionName, id: string) =>
  Effect.flatMap(InvocationActions, (actions) => (action === "retry" ? actions.resume(id) : actions[action](id)))

const resultOf = (outcome: ActionOutcome) => ({
  outcome: outcome._tag,
  reason: outcome._tag === "refused" ? outcome.reason : null
})

/** Every attempt is a line of the log: who, what, on which invocation, and what came of it. */
const recorded = (action: ActionName, invocation: string, outcome: string) =>
  Effect.gen(function* () {
    const { address, name } = yield* CurrentUser
    yield* Effect.annotateLogs(Effect.logInfo("A user of the console acted on an invocation"), {
      event: "console.action",
      action,
      invocation,
      outcome,
      user: name ?? "token",
      address
    })
  })

const action = Effect.gen(function* () {
  const { actions } = yield* ConsoleSettings
  const name = yield* pathParameter("action")
  const id = yield* pathParameter("id")
  if (!isActionName(name) || !isInvocation(id))
    return yield* new ApiProblem({ status: 404, error: "there is no such action", suggestions: actionNames })
  if (!actions) return yield* forbidden("this console only reads: console.actions is false")
  yield* requireIntended
  const outcome = yield* act(name, id).pipe(
    Effect.tapBoth({
      onFailure: ({ reason }) => recorded(name, id, reason),
      onSuccess: ({ _tag }) => recorded(name, id, _tag)
    }),
    Effect.mapError(({ message }) => new ApiProblem({ status: 503, error: message }))
  )
  return actionAnswer(resultOf(outcome))
})

/** `POST /api/invocations/:id/:action`: what the commands `resume`, `retry`, `cancel` and `kill` do. */
export const actionRoutes = HttpRouter.empty.pipe(HttpRouter.post("/api/invocations/:id/:action", action))
