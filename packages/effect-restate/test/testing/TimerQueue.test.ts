import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { TimerQueue } from "../../src/testing/TimerQueue.ts"

/** A timer at this time, which is cancelled before any of them fires or is not. */
const timer = FastCheck.record({ at: FastCheck.nat(5), cancelled: FastCheck.boolean() })

const removeAll = (queue: TimerQueue): void => {
  for (let next = queue.first; next !== undefined; next = queue.first) {
    queue.removeFirst()
    next.fire()
  }
}

describe("timers", () => {
  it.prop(
    "fire in order of time, then of creation, without those that were cancelled",
    [FastCheck.array(timer)],
    ([timers]) => {
      const queue = new TimerQueue()
      const fired: Array<number> = []
      const cancels = timers.map(({ at }, nth) => queue.add(at, () => fired.push(nth)))
      cancels.forEach((cancel, nth) => {
        if (timers[nth]?.cancelled === true) cancel()
      })
      removeAll(queue)
      const expected = timers
        .map((it, nth) => ({ ...it, nth }))
        .filter(({ cancelled }) => !cancelled)
        .sort((a, b) => a.at - b.at || a.nth - b.nth)
      assert.deepStrictEqual(
        fired,
        expected.map(({ nth }) => nth)
      )
    }
  )

  it("that are added while others fire take their place among those that are left", () => {
    const queue = new TimerQueue()
    const fired: Array<string> = []
    queue.add(3, () => fired.push("third"))
    queue.add(1, () => {
      fired.push("first")
      queue.add(2, () => fired.push("second"))
    })
    removeAll(queue)
    assert.deepStrictEqual(fired, ["first", "second", "third"])
  })
})
