import { Context, Effect, Schema } from "effect"
import { Contract, httpStatus, implement, send, step, uuid } from "effect-restate"

export class Taken extends Schema.TaggedError<Taken>()("Taken", { address: Schema.String }, httpStatus(409)) {}

/** Creating is repeatable by the account's id. */
export class Accounts extends Context.Tag("example/Accounts")<
  Accounts,
  {
    readonly create: (id: string, address: string) => Effect.Effect<void, Taken>
    readonly mail: (address: string, text: string) => Effect.Effect<void>
  }
>() {}

/** A service: no key and no state, and every invocation runs beside the others. */
export const Signups = Contract.service("Signups", {
  Register: { input: Schema.String, output: Schema.String, error: Taken },
  /** Only other handlers may send it. */
  Remind: { input: Schema.String, ingress: "private" }
})

export const SignupsLive = implement(Signups, {
  Register: (address) =>
    Effect.gen(function* () {
      const accounts = yield* Accounts
      const id = yield* uuid
      yield* step("create", accounts.create(id, address), { error: Taken })
      yield* step("welcome", accounts.mail(address, "Welcome"))
      yield* send(Signups, "Remind", address, { delay: "3 days" })
      return id
    }),
  Remind: (address) => Effect.flatMap(Accounts, ({ mail }) => step("remind", mail(address, "Finish your profile")))
})
