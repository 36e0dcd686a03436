import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { pauseAfterRetries } from "../../src/workflows/retry.ts"

/** The waits between the attempts of a policy, in milliseconds. */
const waits = ({ factor = 2, initialInterval = 0, maxAttempts = 1, maxInterval = 0 }: typeof pauseAfterRetries) =>
  Array.from({ length: maxAttempts - 1 }, (_, index) =>
    Math.min(Duration.toMillis(initialInterval) * factor ** index, Duration.toMillis(maxInterval))
  )

describe("the retries of every service", () => {
  it("notice within ten seconds that something is back, and go on for an hour", () => {
    const all = waits(pauseAfterRetries)
    assert.isAtMost(Math.max(...all), 10_000)
    const hours = all.reduce((sum, wait) => sum + wait, 0) / 3_600_000
    assert.isTrue(hours >= 0.99 && hours <= 1.05, `${hours} hours`)
  })
})
