import { Context, Effect, Layer, Schema } from "effect"
import { httpStatus } from "effect-restate"

/** The account cannot or may not take part. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { account: Schema.String }, httpStatus(422)) {
  override get message(): string {
    return `account ${this.account} refused`
  }
}

/** Knows each posting by the transfer's id, so that all of this may be repeated. */
export class Bank extends Context.Tag("example/Bank")<
  Bank,
  {
    readonly withdraw: (id: string, account: string, amount: number) => Effect.Effect<void, Refused>
    readonly deposit: (id: string, account: string, amount: number) => Effect.Effect<void, Refused>
    /** Takes back whatever has been posted of a transfer, which may be nothing, and lets nothing of it in any more. */
    readonly reverse: (id: string) => Effect.Effect<void>
    readonly balanceOf: (account: string) => Effect.Effect<number>
  }
>() {}

interface Posting {
  readonly account: string
  readonly change: number
}

/** A bank in memory, where some accounts take no deposits. */
export const memoryBank = (start: Readonly<Record<string, number>>, closed: ReadonlyArray<string> = []) =>
  Layer.sync(Bank, () => {
    const postings = new Map<string, ReadonlyArray<Posting>>()
    const reversed = new Set<string>()
    const of = (id: string) => postings.get(id) ?? []
    const balance = (account: string) =>
      [...postings.values()]
        .flat()
        .filter((posting) => posting.account === account)
        .reduce((sum, { change }) => sum + change, start[account] ?? 0)
    const post = (id: string, posting: Posting) =>
      Effect.sync(() => {
        const isKnown = of(id).some(({ account }) => account === posting.account)
        if (!isKnown && !reversed.has(id)) postings.set(id, [...of(id), posting])
      })
    return {
      withdraw: (id, account, amount) =>
        of(id).length > 0 || balance(account) >= amount
          ? post(id, { account, change: -amount })
          : new Refused({ account }),
      deposit: (id, account, amount) =>
        closed.includes(account) ? new Refused({ account }) : post(id, { account, change: amount }),
      reverse: (id) =>
        Effect.sync(() => {
          reversed.add(id)
          postings.delete(id)
        }),
      balanceOf: (account) => Effect.sync(() => balance(account))
    }
  })
