import { Args, Command, Options } from "@effect/cli"
import { Clock, Console, Effect, Option, Schema } from "effect"
import type { AdminSource } from "../composition/status.ts"
import type { OperatorAction } from "../operations/commandLineFor.ts"
import { findInvocation, findPaused } from "../operations/findInvocations.ts"
import { InvocationActions } from "../operations/InvocationActions.ts"
import type { Invocation } from "../operations/Invocations.ts"
import { ageOf } from "./ages.ts"
import { reportingFailures } from "./commandFailed.ts"
import { confirm, yes } from "./confirm.ts"
import { printable } from "./printable.ts"
import { configFile, program } from "./program.ts"
import { adminUrl, limitOption } from "./restateOptions.ts"

/** At least one invocation was not acted upon; each has a line that says why. */
export class ActionFailed extends Schema.TaggedError<ActionFailed>()("ActionFailed", {
  failed: Schema.Number,
  total: Schema.Number
}) {
  override get message(): string {
    return `${this.failed} of ${this.total} failed`
  }
}

/** The options do not say what is meant. Nothing was changed. */
export class WrongUse extends Schema.TaggedError<WrongUse>()("WrongUse", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

/** Requests at a time. */
const concurrency = 10

/** Of a text that Restate sends. */
const longestReason = 400

/** What the operator reads before and after each action. */
const words: Readonly<Record<OperatorAction, { readonly done: string; readonly effect: string }>> = {
  cancel: {
    done: "is being cancelled: its compensations run, then it fails with 409",
    effect:
      "Its compensations undo what it has done, and its caller gets an error. One that has not started is removed without them: rows that its caller wrote stay as they are."
  },
  kill: {
    done: "is killed. Nothing was undone: correct the rows that it left",
    effect:
      "Nothing is undone: topology, open deployment steps, build slots and rows stay as they are. Prefer cancel; kill only what cannot end otherwise."
  },
  resume: { done: "goes on at the step where it stopped", effect: "" },
  retry: { done: "tries its failed step again now", effect: "" }
}

const describe = ({ createdAt, handler, id, key, service, status }: Invocation, now: number): string =>
  `${id} (${service}/${handler}${key === null ? "" : ` of ${printable(key)}`}, ${status}, open for ${ageOf(now - createdAt)})`

/** Restate resumes suspended invocations too; `retry` is for those that fail. */
const objectionTo = (action: OperatorAction, { status }: Invocation): string | undefined => {
  if (action !== "retry" || status === "backing-off") return undefined
  return status === "paused" ? "is paused: use resume" : `is ${status}: only one in back-off can be retried`
}

/** Acts on one invocation and prints the outcome as a line. Answers whether Restate accepted it. */
const act = (action: OperatorAction, invocation: Invocation) =>
  Effect.gen(function* () {
    const { id } = invocation
    const actions = yield* InvocationActions
    const objection = objectionTo(action, invocation)
    if (action === "retry" && invocation.status === "running")
      return yield* Effect.as(Console.log(`${id} runs an attempt already`), true)
    if (objection !== undefined) return yield* Effect.as(Console.error(`${id} ${objection}`), false)
    const outcome = yield* actions[action === "retry" ? "resume" : action](id)
    switch (outcome._tag) {
      case "accepted":
        yield* Console.log(`${id} ${words[action].done}`)
        return true
      case "not-found":
        return yield* Effect.as(Console.error(`${id} has completed, or Restate does not know it`), false)
      case "refused":
        return yield* Effect.as(
          Console.error(`${id} was not changed: ${printable(outcome.reason, longestReason)}`),
          false
        )
    }
  }).pipe(
    Effect.catchTag("RestateAdminError", ({ message }) =>
      Effect.as(Console.error(`${invocation.id} was not changed: ${printable(message, longestReason)}`), false)
    )
  )

const actOnAll = (action: OperatorAction, invocations: ReadonlyArray<Invocation>) =>
  Effect.gen(function* () {
    const outcomes = yield* Effect.forEach(invocations, (invocation) => act(action, invocation), { concurrency })
    const failed = outcomes.filter((isDone) => !isDone).length
    if (failed > 0) return yield* new ActionFailed({ failed, total: invocations.length })
  })

const named = (action: OperatorAction, ids: ReadonlyArray<string>, yes: boolean) =>
  Effect.gen(function* () {
    if (ids.length === 0) return yield* new WrongUse({ problem: "name an invocation by its id or its key" })
    const invocations = yield* Effect.forEach(ids, findInvocation, { concurrency })
    const { effect } = words[action]
    if (effect !== "") {
      const now = yield* Clock.currentTimeMillis
      const question = [...invocations.map((each) => describe(each, now)), effect, `${action}?`].join("\n")
      yield* confirm(action, question, yes)
    }
    yield* actOnAll(action, invocations)
  })

const allPaused = (service: Option.Option<string>, limit: number) =>
  Effect.gen(function* () {
    const { found, more } = yield* findPaused(Option.getOrUndefined(service), limit)
    if (found.length === 0) return yield* Console.log("No invocation is paused.")
    yield* actOnAll("resume", found)
    if (more > 0) yield* Console.log(`${more} more are paused: once these go on, repeat the command`)
  })

/** Runs on the configured Restate. Needs only its admin API. */
const onRestate = <A, E, R>(effect: Effect.Effect<A, E, R>, own: AdminSource) =>
  Effect.gen(function* () {
    const outer = yield* program
    const { StatusServices } = yield* Effect.promise(() => import("../composition/status.ts"))
    const source = { adminUrl: own.adminUrl, config: Option.orElse(own.config, () => outer.config) }
    return yield* Effect.provide(effect, StatusServices(source))
  })

const invocation = Args.text({ name: "invocation" }).pipe(
  Args.withDescription(
    "The id of an open invocation, its key if no other has that key, or the id of the deployment that it deploys."
  ),
  Args.repeated
)

const source = { adminUrl, config: configFile }

const destructive = (action: "cancel" | "kill", description: string) =>
  Command.make(action, { invocation, yes, ...source }, ({ invocation, yes, ...own }) =>
    onRestate(named(action, invocation, yes), own).pipe(reportingFailures(action))
  ).pipe(Command.withDescription(description))

export const cancelCommand = destructive(
  "cancel",
  "Cancels invocations: each runs its compensations and fails with 409. Asks first. Example: cancel inv_1iIrnYJc45nP3hxHqIciJyNAIdSjbYMvCz."
)

export const killCommand = destructive(
  "kill",
  "Ends invocations without their compensations. Nothing is undone: for one whose cancellation cannot end. Asks first. Example: kill inv_1iIrnYJc45nP3hxHqIciJyNAIdSjbYMvCz."
)

export const retryCommand = Command.make("retry", { invocation, ...source }, ({ invocation, ...own }) =>
  onRestate(named("retry", invocation, true), own).pipe(reportingFailures("retry"))
).pipe(
  Command.withDescription(
    "Tries the failed step of invocations in back-off again now, instead of at the next retry. Example: retry inv_1iIrnYJc45nP3hxHqIciJyNAIdSjbYMvCz."
  )
)

const pausedOptions = {
  allPaused: Options.boolean("all-paused").pipe(
    Options.withDescription("Resumes the oldest paused invocations instead of named ones.")
  ),
  service: Options.text("service").pipe(
    Options.withDescription("With --all-paused: only those of this service, such as DeployService."),
    Options.optional
  ),
  limit: limitOption("With --all-paused: how many at most.", 100)
}

export const resumeCommand = Command.make(
  "resume",
  { invocation, ...pausedOptions, ...source },
  ({ allPaused: isAll, invocation, limit, service, ...own }) => {
    const isMixed = isAll ? invocation.length > 0 : Option.isSome(service)
    const run = isMixed
      ? new WrongUse({ problem: "name invocations, or give --all-paused, with --service to limit it" })
      : isAll
        ? onRestate(allPaused(service, limit), own)
        : onRestate(named("resume", invocation, true), own)
    return reportingFailures("resume")(run)
  }
).pipe(
  Command.withDescription(
    "Resumes paused invocations at the step where they stopped, once the cause is fixed. Example: resume --all-paused --service DeployService."
  )
)
