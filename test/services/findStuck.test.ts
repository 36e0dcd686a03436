import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { findStuck, maxAttemptMillis, minStuckAgeMillis, stuckAfterMillis } from "../../src/operations/findStuck.ts"
import { type Invocation, invocationStatuses } from "../../src/operations/Invocations.ts"

const now = 1_800_000_000_000
const minute = 60_000
const deadline = 120 * minute
const deadlines = new Map([["S/H", deadline]])

const open = (given: Partial<Invocation>): Invocation => ({
  id: "inv_1",
  service: "S",
  handler: "H",
  key: "k",
  status: "running",
  createdAt: now,
  modifiedAt: now,
  dueAt: null,
  startedAt: now,
  attemptAt: now,
  attempts: 1,
  failure: { code: null, step: null },
  ...given
})

const reasonOf = (given: Partial<Invocation>, waiting = 0) =>
  findStuck({ invocations: [open(given)], waiting: new Map([["inv_1", waiting]]), deadlines }, now)[0]?.reason ??
  "moves"

const bound = maxAttemptMillis

describe("what is stuck", () => {
  const table: ReadonlyArray<readonly [string, Partial<Invocation>, number, string]> = [
    ["backs off for exactly the limit", { status: "backing-off", modifiedAt: now - stuckAfterMillis }, 0, "moves"],
    ["backs off for longer", { status: "backing-off", modifiedAt: now - stuckAfterMillis - 1 }, 0, "retrying"],
    ["is between two attempts that fail", { attempts: 9, modifiedAt: now - stuckAfterMillis - 1 }, 0, "retrying"],
    ["backs off, but made a step in between", { status: "backing-off", startedAt: now - deadline }, 0, "moves"],
    ["runs one attempt up to its bound", { modifiedAt: now - bound, attemptAt: now - bound }, 0, "moves"],
    ["runs one attempt past its bound", { modifiedAt: now - bound - 1, attemptAt: now - bound - 1 }, 0, "silent"],
    ["runs a long attempt that writes to its journal", { attemptAt: now - 60 * minute }, 0, "moves"],
    ["runs an attempt that Restate has just begun", { modifiedAt: now - 60 * minute }, 0, "moves"],
    [
      "is due and not taken up",
      { status: "ready", modifiedAt: now - stuckAfterMillis - 1, attemptAt: null },
      0,
      "not-started"
    ],
    ["waits for an hour yet", { status: "scheduled", dueAt: now + 60 * minute, startedAt: null }, 0, "moves"],
    [
      "has waited for 90 days and is due now",
      { status: "scheduled", createdAt: now - 90 * 24 * 60 * minute, dueAt: now, startedAt: null },
      0,
      "moves"
    ],
    [
      "should have begun long ago",
      { status: "scheduled", dueAt: now - stuckAfterMillis - 1, startedAt: null },
      0,
      "not-started"
    ],
    ["waits for an answer", { status: "suspended", modifiedAt: now - 60 * minute }, 0, "moves"],
    [
      "waits, and others wait for its key",
      { status: "suspended", modifiedAt: now - stuckAfterMillis - 1 },
      1,
      "holding"
    ],
    ["has just begun to wait, and others wait for its key", { status: "suspended" }, 9, "moves"],
    ["waits until its handler's deadline", { status: "suspended", startedAt: now - deadline }, 0, "moves"],
    ["waits for longer than its handler may", { status: "suspended", startedAt: now - deadline - 1 }, 0, "late"],
    ["moves, but for longer than its handler may", { startedAt: now - deadline - 1 }, 0, "late"],
    ["has no deadline", { status: "suspended", handler: "Other", startedAt: 0, modifiedAt: 0 }, 0, "moves"],
    [
      "waits for its key, which is its holder's affair",
      { status: "pending", startedAt: null, modifiedAt: 0 },
      0,
      "moves"
    ],
    ["is paused, which has a count of its own", { status: "paused", startedAt: 0, modifiedAt: 0 }, 5, "moves"]
  ]
  for (const [what, given, waiting, expected] of table) {
    it(`one that ${what}: ${expected}`, () => assert.strictEqual(reasonOf(given, waiting), expected))
  }

  const anyInvocation = fc
    .record({
      status: fc.constantFrom(...invocationStatuses),
      startedAt: fc.integer({ min: 0, max: deadline * 2 }),
      modifiedAt: fc.integer({ min: 0, max: deadline * 2 }),
      attemptAt: fc.integer({ min: 0, max: deadline * 2 }),
      dueAt: fc.integer({ min: -deadline, max: deadline }),
      attempts: fc.integer({ min: 0, max: 70 })
    })
    .map(({ attemptAt, dueAt, modifiedAt, startedAt, ...rest }) =>
      open({
        ...rest,
        startedAt: now - Math.max(startedAt, modifiedAt),
        modifiedAt: now - modifiedAt,
        attemptAt: now - attemptAt,
        dueAt: now - dueAt
      })
    )

  it("nothing that is too young to be asked for is stuck, and whatever is stuck stays so while nothing of it changes", () =>
    fc.assert(
      fc.property(
        anyInvocation,
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: deadline }),
        (one, waiting, later) => {
          const ask = (at: number) =>
            findStuck({ invocations: [one], waiting: new Map([[one.id, waiting]]), deadlines }, at)
          const begin = (one.status === "scheduled" ? one.dueAt : one.startedAt) ?? now
          const isStuck = ask(now).length > 0
          if (isStuck) assert.isAbove(now - begin, minStuckAgeMillis)
          if (isStuck) assert.lengthOf(ask(now + later), 1)
          for (const { since } of ask(now)) assert.isAtMost(since, now)
        }
      ),
      { numRuns: 1000 }
    ))
})
