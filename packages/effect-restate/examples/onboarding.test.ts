import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix, MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { Accounts, Onboarding, OnboardingLive } from "./onboarding.ts"

const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const restate = new MemoryRestate(options)
    const open = new Set<string>()
    yield* restate.serve(OnboardingLive).pipe(
      Effect.provideService(Accounts, {
        open: (account) => Effect.sync(() => void open.add(account)),
        close: (account) => Effect.sync(() => void open.delete(account)),
        sendLink: () => Effect.void
      })
    )
    const phase = (account: string) => restate.call(Onboarding, account, "phase", undefined)
    const before = yield* phase("ada")
    for (const account of ["ada", "bob"])
      restate.submit(Onboarding, account, "run", { address: `${account}@example.com` })
    yield* restate.advance("1 day")
    const meanwhile = yield* phase("ada")
    yield* restate.call(Onboarding, "ada", "confirm", undefined)
    yield* restate.advance("3 days")
    return { before, meanwhile, after: [yield* phase("ada"), yield* phase("bob")], open: [...open] }
  })

it.effect(
  "an account is confirmed within three days or closed, and tells where it is, wherever its process is killed",
  () =>
    Effect.gen(function* () {
      const after = ["confirmed", "expired"]
      assert.deepStrictEqual(yield* story({}), { before: "new", meanwhile: "waiting", after, open: ["ada"] })
      yield* crashMatrix(story)
    })
)
