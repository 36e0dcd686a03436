import { assert, describe, it } from "@effect/vitest"
import { condenseJournal, type TimedCommand } from "../../src/operations/condenseJournal.ts"

let at = 0
const timed = (command: TimedCommand["command"], kind = "Run"): TimedCommand => {
  at += 1000
  return { command, kind, at }
}
const step = (name: string, completion: number) => timed({ _tag: "Run", name, completion })
const timer = (completion: number) => timed({ _tag: "Sleep", until: 9_000_000, completion }, "Sleep")
const call = (target: string, completion: number) =>
  timed({ _tag: "Call", target, invocation: "inv_1", completion }, "Call")

const shown = (commands: ReadonlyArray<TimedCommand>, completed: ReadonlyArray<number> = []) =>
  condenseJournal({ commands, completed: new Set(completed) }).map(({ count, isCompleted, name }) => [
    name,
    count,
    isCompleted
  ])

describe("a condensed journal", () => {
  it("has a poll once, with how often it was repeated, when it began and when it was last repeated", () => {
    const commands = [step("load", 1), step("poll", 2), timer(3), step("poll", 4), timer(5), step("poll", 6)]
    const [, poll] = condenseJournal({ commands, completed: new Set([1, 2, 3, 4, 5]) })
    assert.deepInclude(poll, { name: "poll", count: 3, isCompleted: false })
    assert.strictEqual(poll?.firstAt, commands[1]?.at)
    assert.strictEqual(poll?.lastAt, commands[5]?.at)
  })

  it("keeps the timer that an open poll waits for", () => {
    assert.deepStrictEqual(shown([step("poll", 1), timer(2), step("poll", 3), timer(4)], [1, 2, 3]), [
      ["poll", 2, true],
      ["timer", 1, false]
    ])
  })

  it("keeps the order of different steps, and every call", () => {
    const commands = [step("a", 1), step("b", 2), step("a", 3), call("S/k/H", 4), call("S/k/H", 5)]
    assert.deepStrictEqual(shown(commands, [1, 2, 3, 4]), [
      ["a", 1, true],
      ["b", 1, true],
      ["a", 1, true],
      ["S/k/H", 1, true],
      ["S/k/H", 1, false]
    ])
  })

  it("leaves out what the durable kit adds, which does not end a poll", () => {
    const commands = [timed({ _tag: "Other" }, "Input"), step("poll", 1), step("now", 2), step("", 3), step("poll", 4)]
    assert.deepStrictEqual(shown(commands, [1, 2, 3, 4]), [["poll", 2, true]])
    assert.deepStrictEqual(shown([timed({ _tag: "Other" }, "SetState"), timed({ _tag: "Other" }, "SetState")]), [
      ["SetState", 2, true]
    ])
  })
})
