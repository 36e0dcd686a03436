import { assert, describe, it } from "@effect/vitest"
import { dayOfCommands } from "../support/workflows/dayOfCommands.ts"

const hour = 3_600_000
const minute = 60_000

/** The most instants in one part of this length. */
const most = (instants: ReadonlyArray<number>, length: number): number => {
  const parts = Map.groupBy(instants, (at) => Math.floor(at / length))
  return Math.max(...[...parts.values()].map((part) => part.length))
}

describe("a day of commands", () => {
  for (const [projects, deploys, inHour, inMinute, inSecond] of [
    [10, 20, 7, 2, 1],
    [1000, 2002, 198, 12, 2],
    [100_000, 200_006, 17_189, 337, 19]
  ] as const) {
    it(`of ${projects} projects has ${inHour} deploys in its fullest hour, and ${inMinute} in its fullest minute`, () => {
      const instants = dayOfCommands(projects, 1).flatMap(({ _tag, at }) => (_tag === "Deploy" ? [at] : []))
      assert.deepStrictEqual(
        [instants.length, most(instants, hour), most(instants, minute), most(instants, 1000)],
        [deploys, inHour, inMinute, inSecond]
      )
    })
  }
})
