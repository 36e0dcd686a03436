import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix, MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { Expenses, ExpensesLive, Mail } from "./approval.ts"

const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const restate = new MemoryRestate(options)
    const asked = new Map<string, string>()
    yield* restate
      .serve(ExpensesLive)
      .pipe(
        Effect.provideService(Mail, { askForApproval: (person, id) => Effect.sync(() => void asked.set(person, id)) })
      )
    const answered = restate.submit(Expenses, "e_1", "Approve", { by: "ada" })
    yield* restate.advance("1 day")
    restate.resolveAwakeable(asked.get("ada") ?? "", "approved")
    const first = yield* restate.result(answered)
    const second = yield* restate.call(Expenses, "e_2", "Approve", { by: "bob" })
    return { first: first.ok ? new TextDecoder().decode(first.bytes) : "failed", second }
  })

it.effect("an expense is what the person says within a week, else expired, wherever its process is killed", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* story({}), { first: '"approved"', second: "expired" })
    yield* crashMatrix(story)
  })
)
