import { it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix, MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { Bank, memoryBank } from "./Bank.ts"
import { Transfers, TransfersLive } from "./transfer.ts"

/** A whole story on a world of its own. It answers with everything that must not depend on crashes. */
const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const restate = new MemoryRestate(options)
    yield* restate.serve(TransfersLive)
    const move = (id: string, to: string) =>
      Effect.either(restate.call(Transfers, id, "Move", { from: "ada", to, amount: 30 }))
    const answers = [yield* move("t_1", "bob"), yield* move("t_2", "closed")]
    const { balanceOf } = yield* Bank
    return { answers: answers.map(({ _tag }) => _tag), ada: yield* balanceOf("ada"), bob: yield* balanceOf("bob") }
  }).pipe(Effect.provide(memoryBank({ ada: 100 }, ["closed"])))

it.effect(
  "a transfer ends the same wherever its process is killed, and is done or undone wherever it is cancelled",
  () => crashMatrix(story, { cancelled: { outcomes: ({ ada, bob }) => ada + bob === 100 } })
)
