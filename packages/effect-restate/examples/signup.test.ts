import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix, MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { Accounts, Signups, SignupsLive, Taken } from "./signup.ts"

const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const restate = new MemoryRestate(options)
    const ids = new Map<string, string>()
    const mails = new Set<string>()
    yield* restate.serve(SignupsLive).pipe(
      Effect.provideService(Accounts, {
        create: (id, address) =>
          Effect.suspend(() => {
            if ((ids.get(address) ?? id) !== id) return new Taken({ address })
            return Effect.sync(() => void ids.set(address, id))
          }),
        mail: (address, text) => Effect.sync(() => void mails.add(`${address}: ${text}`))
      })
    )
    const register = Effect.either(restate.call(Signups, "Register", "ada@example.com"))
    const answers = [yield* register, yield* register]
    const early = mails.size
    yield* restate.drain
    return { answers: answers.map(({ _tag }) => _tag), accounts: ids.size, mails: [early, mails.size] }
  })

it.effect("an address is registered once and reminded after three days, wherever its process is killed", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* story({}), { answers: ["Right", "Left"], accounts: 1, mails: [1, 2] })
    yield* crashMatrix(story)
  })
)
