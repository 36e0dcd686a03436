import { Context, Effect, Schema } from "effect"
import { awakeable, Contract, implement, step } from "effect-restate"

/** Asks a person, who answers through `POST <ingress>/restate/awakeables/<id>/resolve`. */
export class Mail extends Context.Tag("example/Mail")<
  Mail,
  { readonly askForApproval: (person: string, awakeableId: string) => Effect.Effect<void> }
>() {}

const Decision = Schema.Literal("approved", "denied")

export const Expenses = Contract.object("Expenses", {
  Approve: { input: Schema.Struct({ by: Schema.String }), output: Schema.Literal("approved", "denied", "expired") }
})

export const ExpensesLive = implement(Expenses, {
  Approve: ({ by }) =>
    Effect.gen(function* () {
      const mail = yield* Mail
      const decision = yield* awakeable(Decision)
      yield* step("ask", mail.askForApproval(by, decision.id))
      return yield* decision.result.pipe(
        Effect.timeoutTo({ duration: "7 days", onSuccess: (answer) => answer, onTimeout: () => "expired" as const })
      )
    })
})
