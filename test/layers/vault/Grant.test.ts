import { assert, describe, it } from "@effect/vitest"
import { Duration, Redacted } from "effect"
import { delayUntilDue, isDue, isNearMaxTtl, type TokenLease } from "../../../src/layers/vault/hashicorp/TokenLease.ts"

const grant = (ttl: number, lifetime = ttl): TokenLease => ({
  token: Redacted.make("t"),
  renewable: true,
  ttl,
  since: 1_000,
  lifetime
})
const pause = (given: TokenLease, now: number) => Duration.toMillis(delayUntilDue(given, now))
const hour = 3_600_000

describe("a grant", () => {
  it("is due after two thirds of its time, and never when it does not end", () => {
    assert.isFalse(isDue(grant(60_000), 40_999))
    assert.isTrue(isDue(grant(60_000), 41_000))
    assert.isFalse(isDue(grant(0), Number.MAX_SAFE_INTEGER))
  })

  it("is looked at when it is due, at least once an hour and at most once a second", () => {
    assert.strictEqual(pause(grant(60_000), 11_000), 30_000)
    assert.strictEqual(pause(grant(60_000), 99_000), 1_000)
    // 768 hours, Vault's default: longer than a timer can wait.
    assert.strictEqual(pause(grant(768 * hour), 1_000), hour)
    assert.strictEqual(pause(grant(0), 1_000), hour)
  })

  it("nears its maximum once a renewal gives less than half of what the login gave", () => {
    assert.isFalse(isNearMaxTtl(grant(60_000)))
    assert.isFalse(isNearMaxTtl(grant(30_000, 60_000)))
    assert.isTrue(isNearMaxTtl(grant(29_000, 60_000)))
  })
})
