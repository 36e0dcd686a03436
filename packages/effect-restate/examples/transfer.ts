import { Effect, Schema } from "effect"
import { Contract, implement, key, onRollback, saga, step } from "effect-restate"
import { Bank, Refused } from "./Bank.ts"

const Order = Schema.Struct({ from: Schema.String, to: Schema.String, amount: Schema.Positive })

/** One key per transfer: its id. */
export const Transfers = Contract.object("Transfers", { Move: { input: Order, error: Refused } })

export const TransfersLive = implement(Transfers, {
  Move: ({ amount, from, to }) =>
    saga(
      Effect.gen(function* () {
        const bank = yield* Bank
        const id = yield* key
        // Before the first step: a step that is cut off may have had its effect.
        yield* onRollback(() => step("reverse", bank.reverse(id)))
        yield* step("withdraw", bank.withdraw(id, from, amount), { error: Refused })
        yield* Effect.sleep("1 day")
        yield* step("deposit", bank.deposit(id, to, amount), { error: Refused })
      })
    )
})
