import process from "node:process"
import { Options, Prompt } from "@effect/cli"
import { Context, Effect, Schema } from "effect"

export const yes = Options.boolean("yes").pipe(Options.withDescription("Does not ask for a confirmation."))

/** The command needs a confirmation, and there is no terminal to ask on. */
export class ConfirmationNeeded extends Schema.TaggedError<ConfirmationNeeded>()("ConfirmationNeeded", {
  action: Schema.String
}) {
  override get message(): string {
    return `${this.action} needs a confirmation, and there is no terminal to ask on: repeat it with --yes`
  }
}

export class NotConfirmed extends Schema.TaggedError<NotConfirmed>()("NotConfirmed", {}) {
  override get message(): string {
    return "not confirmed; nothing was changed"
  }
}

/** Whether a person can answer a question. */
export class Interactive extends Context.Reference<Interactive>()("ctrl-worker/Interactive", {
  defaultValue: (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true
}) {}

/** Succeeds if `yes` was given in advance or an operator confirms on the terminal. */
export const confirm = (action: string, question: string, yes: boolean) =>
  Effect.gen(function* () {
    if (yes) return
    if (!(yield* Interactive)) return yield* new ConfirmationNeeded({ action })
    const agreed = yield* Effect.catchTag(Prompt.run(Prompt.confirm({ message: question })), "QuitException", () =>
      Effect.succeed(false)
    )
    if (!agreed) return yield* new NotConfirmed()
  })
