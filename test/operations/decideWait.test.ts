import { assert, describe, it } from "@effect/vitest"
import {
  decideWait,
  type InvocationWait,
  type JournalCommand,
  lastStepOf
} from "../../src/operations/InvocationWait.ts"

const run = (name: string, completion: number): JournalCommand => ({ _tag: "Run", name, completion })
const sleep = (completion: number): JournalCommand => ({ _tag: "Sleep", until: 100, completion })
const call: JournalCommand = { _tag: "Call", target: "S/k/H", invocation: "inv_1", completion: 7 }
const other: JournalCommand = { _tag: "Other" }

const timer = { _tag: "Timer", until: 100 } as const
const called = { _tag: "Call", target: "S/k/H", invocation: "inv_1" } as const

/** Commands are given newest first. */
const cases: ReadonlyArray<
  readonly [string, ReadonlyArray<JournalCommand>, ReadonlyArray<number>, InvocationWait | null]
> = [
  ["an empty journal", [], [], null],
  ["a step that runs", [run("a", 1)], [], { _tag: "Step", name: "a" }],
  ["a step that has ended", [run("a", 1)], [1], null],
  ["a timer after a step", [sleep(2), run("a", 1)], [1], timer],
  ["a timer that lost its race", [run("a", 3), sleep(2)], [3], null],
  ["a call with a timer beside it", [sleep(8), call], [], called],
  ["a step beside a call", [run("a", 9), call], [], { _tag: "Step", name: "a" }],
  ["a command that is not known, after a timer", [other, sleep(2)], [], null]
]

describe("what an invocation waits for", () => {
  for (const [name, commands, completed, expected] of cases)
    it(name, () => assert.deepStrictEqual(decideWait({ commands, completed: new Set(completed) }), expected))

  it("the last step is one of the workflow's own", () => {
    const completed = new Set<number>()
    assert.strictEqual(lastStepOf({ commands: [sleep(3), run("now", 2), run("check", 1)], completed }), "check")
    assert.isNull(lastStepOf({ commands: [run("now", 2)], completed }))
  })
})
