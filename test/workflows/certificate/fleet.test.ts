import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Effect, Either } from "effect"
import type { CertificateFacts } from "../../../src/services/certificate/Pki.ts"
import { seedCertified, seededFacts } from "../../support/memory/certificateSeeds.ts"
import { MemoryCa } from "../../support/memory/MemoryCa.ts"
import { onCertificates, renewAll, settled, startOfTime } from "../../support/workflows/certificates.ts"
import { rows } from "../../support/workflows/queries.ts"

/** A larger fleet: `RENEWAL_FLEET=2000 npx vitest run test/workflows/certificate/fleet.test.ts --testTimeout=3600000`. */
const size = Number(process.env.RENEWAL_FLEET ?? 200)
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const names = Arr.makeBy(size, (nth) => `d${nth}.example.com`)

/** Certificates of 90 days in the first half of their life: nothing but the CA gives a reason to renew them. */
const life = [startOfTime - 30 * day, startOfTime + 60 * day] as const
const seedFleet = Effect.forEach(names, (name) => seedCertified(name, ...life), { discard: true })

/** How many instants there are in the fullest part of this length. */
const fullest = (instants: ReadonlyArray<number>, length: number): number => {
  const parts = new Map<number, number>()
  for (const at of instants) {
    const part = Math.floor((at - startOfTime) / length)
    parts.set(part, (parts.get(part) ?? 0) + 1)
  }
  return Math.max(...parts.values())
}

/** A minute, or as long as it takes for the mean to say something of a small fleet. */
const partOf = (window: number) => Math.max(minute, Math.ceil((30 * window) / size))

/** All windows at once, as a CA pulls them in that has to revoke; later certificates have windows of their own. */
const pulledIn = (windowStart: number, windowEnd: number) => ({
  issuedBefore: names.map((name) => seededFacts(name, ...life)),
  renewalInfo: ({ notAfter, serial }: CertificateFacts) =>
    serial.startsWith("SEEDED")
      ? { windowStart, windowEnd, retryAfter: null }
      : { windowStart: notAfter - 30 * day, windowEnd: notAfter - 29 * day, retryAfter: null }
})

const renewFleet = Effect.gen(function* () {
  yield* seedFleet
  const answer = Either.getOrThrow(yield* renewAll())
  assert.deepStrictEqual(answer, { certificatesChecked: size, renewalsTriggered: size, failedDomains: [] })
  const { finalized, orders } = yield* settled
  const once = Object.fromEntries(names.map((name) => [name, 1]))
  assert.deepStrictEqual({ finalized, orders }, { finalized: once, orders: once })
  for (const { status } of (yield* rows).acme_challenges) assert.strictEqual(status, "verified")
  const { requests } = yield* MemoryCa
  return requests.filter(({ operation }) => operation === "new-order").map(({ at }) => at)
})

describe(`${size} certificates whose windows the CA pulls in at once`, () => {
  it.effect("are each renewed once within a window of a day, no part of which has more than three times the mean", () =>
    Effect.gen(function* () {
      const orderedAt = yield* renewFleet
      for (const at of orderedAt) {
        assert.isAtLeast(at, startOfTime + hour)
        assert.isAtMost(at, startOfTime + hour + day)
      }
      const part = partOf(day)
      assert.isAtMost(fullest(orderedAt, part), (3 * size * part) / day)
    }).pipe(onCertificates({ ca: pulledIn(startOfTime + hour, startOfTime + hour + day) }))
  )

  it.effect("are each renewed once within ten minutes where the window is over, spread over these", () =>
    Effect.gen(function* () {
      const orderedAt = yield* renewFleet
      // From the look at the certificate, which takes its time for the last of many.
      for (const at of orderedAt) assert.isAtMost(at, startOfTime + 15 * minute)
      const part = partOf(10 * minute)
      assert.isAtMost(fullest(orderedAt, part), (3 * size * part) / (10 * minute))
    }).pipe(onCertificates({ ca: pulledIn(startOfTime - 2 * hour, startOfTime - hour) }))
  )
})
