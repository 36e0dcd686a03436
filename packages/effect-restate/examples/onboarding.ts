import { Context, Effect, Option, Schema } from "effect"
import { Contract, durablePromise, implement, key, PromiseAlreadyCompleted, stateCell, step } from "effect-restate"

export class Accounts extends Context.Tag("example/Accounts")<
  Accounts,
  {
    readonly open: (account: string) => Effect.Effect<void>
    readonly close: (account: string) => Effect.Effect<void>
    readonly sendLink: (account: string, address: string) => Effect.Effect<void>
  }
>() {}

const Phase = Schema.Literal("new", "waiting", "confirmed", "expired")

/** A workflow runs once per id, here the account. Its other handlers ask about it and tell it something while it runs. */
export const Onboarding = Contract.workflow("Onboarding", {
  run: { input: Schema.Struct({ address: Schema.String }), output: Schema.Literal("confirmed", "expired") },
  phase: { output: Phase },
  confirm: { error: PromiseAlreadyCompleted }
})

const phase = stateCell("phase", Phase)
const confirmed = durablePromise("confirmed", Schema.Void)

export const OnboardingLive = implement(
  Onboarding,
  {
    run: ({ address }) =>
      Effect.gen(function* () {
        const accounts = yield* Accounts
        const account = yield* key
        yield* step("open", accounts.open(account))
        yield* phase.set("waiting")
        yield* step("send-link", accounts.sendLink(account, address))
        const answer = yield* Effect.timeoutOption(confirmed.get, "3 days")
        if (Option.isNone(answer)) yield* step("close", accounts.close(account))
        const outcome = Option.isSome(answer) ? "confirmed" : "expired"
        yield* phase.set(outcome)
        return outcome
      }),
    phase: () => Effect.map(phase.get, (stored) => Option.getOrElse(stored, () => "new" as const)),
    confirm: () => confirmed.resolve(undefined)
  },
  { workflowRetention: "30 days" }
)
