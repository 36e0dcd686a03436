import { assert, describe, it } from "@effect/vitest"
import { defaultLimits, opaqueSerde } from "effect-restate"
import fc from "fast-check"
import { emptyQueue, positionOf, SlotQueue } from "../../../src/services/builds/SlotQueue.ts"
import { nextSweep, reclaimed, release, renew, sweep } from "../../../src/workflows/builds/slotLease.ts"
import { type Holder, leaseDuration, type Notification } from "../../../src/workflows/builds/slotQueue.ts"
import { request, type SlotRequest, withStoredBranchKeys } from "../../../src/workflows/builds/slotRequest.ts"
import { sized } from "../../support/size.ts"

const slotRequest = (deploymentId: string, createdAt: number, rest: Partial<SlotRequest> = {}): SlotRequest => ({
  deploymentId,
  buildId: `bld-${deploymentId}`,
  isProduction: false,
  createdAt,
  line: "",
  bell: `bell-${deploymentId}`,
  ...rest
})
const holder = (deploymentId: string): Holder => ({ deploymentId, buildId: `bld-${deploymentId}` })
const at = (now: number, limit = 1) => ({ now, limit })

/** The queue after all of these have asked, in this order. */
const queueOf = (requests: ReadonlyArray<SlotRequest>, limit = 1): SlotQueue =>
  requests.reduce((queue, each) => request(queue, each, at(0, limit)).queue, emptyQueue)

const building = ({ tickets }: SlotQueue) =>
  tickets.filter(({ state }) => state === "building").map(({ deploymentId }) => deploymentId)
const sent = (notifications: ReadonlyArray<Notification>) =>
  notifications.map(({ awakeableId, update }) => `${awakeableId} ${update.outcome} ${update.by}`.trim())

describe("a slot", () => {
  it("is granted at once while there is one, and to the next with its return", () => {
    const first = request(emptyQueue, slotRequest("d_1", 1), at(0))
    assert.deepInclude(first.answer, { outcome: "granted", leaseEnds: leaseDuration })
    assert.deepStrictEqual(first.notifications, [])
    const second = request(first.queue, slotRequest("d_2", 2), at(1))
    assert.deepInclude(second.answer, { outcome: "waiting", position: 1 })
    const returned = release(second.queue, holder("d_1"), at(2))
    assert.deepStrictEqual(building(returned.queue), ["d_2"])
    assert.deepStrictEqual(sent(returned.notifications), ["bell-d_2 granted"])
  })

  it("goes to production before previews, then to the oldest, whatever the order of asking", () => {
    const waiting = [
      slotRequest("preview_new", 9),
      slotRequest("production_new", 8, { isProduction: true }),
      slotRequest("preview_old", 1),
      slotRequest("production_old", 2, { isProduction: true })
    ]
    let queue = queueOf([slotRequest("d_0", 0), ...waiting])
    const served: Array<string> = []
    for (let last = "d_0"; building(queue).length > 0; last = served.at(-1) ?? "") {
      queue = release(queue, holder(last), at(1)).queue
      served.push(...building(queue))
    }
    assert.deepStrictEqual(served, ["production_old", "production_new", "preview_old", "preview_new"])
  })

  it("stays with who asks again, and is told to every delivery of a deployment that waits", () => {
    const queue = queueOf([slotRequest("d_1", 1), slotRequest("d_2", 2), slotRequest("d_2", 2, { bell: "bell-again" })])
    assert.deepInclude(request(queue, slotRequest("d_1", 1), at(7)).answer, {
      outcome: "granted",
      leaseEnds: 7 + leaseDuration
    })
    assert.deepStrictEqual(sent(release(queue, holder("d_1"), at(9)).notifications), [
      "bell-d_2 granted",
      "bell-again granted"
    ])
  })

  it("is not returned by another build than the one in it", () => {
    const queue = queueOf([slotRequest("d_1", 1)])
    const other = { deploymentId: "d_1", buildId: "bld-later" }
    assert.deepStrictEqual(building(release(queue, other, at(1)).queue), ["d_1"])
    assert.isFalse(renew(queue, other, at(1)).answer.held)
  })

  it("is neither given nor taken while a smaller limit is used up", () => {
    const queue = queueOf([slotRequest("d_1", 1), slotRequest("d_2", 2), slotRequest("d_3", 3)], 2)
    assert.deepStrictEqual(building(release(queue, holder("d_1"), at(1, 1)).queue), ["d_2"])
  })

  it("is refused when the queue has no room: to previews first, so that they cannot keep production out", () => {
    const { count, queue } = fill(emptyQueue, (nth) => slotRequest(`d_${nth}`, nth))
    assert.isAbove(count, 500)
    assert.strictEqual(request(queue, slotRequest("one_more", 1), at(0)).answer.outcome, "refused")
    assert.strictEqual(request(queue, slotRequest("d_7", 7), at(0)).answer.outcome, "waiting")
    const production = fill(queue, (nth) => slotRequest(`p_${nth}`, nth, { isProduction: true }))
    assert.isAbove(production.count, 100)
    assert.deepInclude(request(production.queue, slotRequest("p_0", 0, { isProduction: true }), at(0)).answer, {
      outcome: "waiting",
      position: 1
    })
    const returned = release(production.queue, holder("d_0"), at(1))
    assert.strictEqual(request(returned.queue, slotRequest("d_9", 9), at(1)).answer.outcome, "waiting")
  })
})

const serde = opaqueSerde(SlotQueue, defaultLimits.payloadBytes)

/** Asks with new requests until one is refused; `count` were not. */
const fill = (from: SlotQueue, nth: (nth: number) => SlotRequest, deliveries = 1) => {
  let queue = from
  for (let count = 0; ; count++) {
    for (let delivery = 0; delivery < deliveries; delivery++) {
      const one = nth(count)
      const transition = request(queue, { ...one, bell: `${one.bell}${delivery}` }, at(1_764_489_600_000))
      if (transition.answer.outcome === "refused") return { count, queue }
      queue = transition.queue
    }
  }
}

describe("a queue at its own limit", () => {
  const emoji = "\u{1F600}"
  const control = "\u0000"
  const widest = (nth: number, filler: string): SlotRequest =>
    slotRequest(`${nth}`.padStart(6, "0").padEnd(128, filler), 1_764_489_600_000 + nth, {
      buildId: `${nth}`.padStart(6, "0").padEnd(63, filler),
      line: `env ${nth} ${filler.repeat(1000)}`,
      bell: `${nth}`.padStart(6, "0").padEnd(127, filler),
      isProduction: nth % 2 === 0
    })
  const realistic = (branch: (nth: number) => string) => (nth: number) =>
    slotRequest(`d_${String(nth).padStart(14, "x")}`, 1_764_489_600_000 + nth, {
      buildId: `bld-${String(nth).padStart(24, "0")}`,
      line: `env_${"x".repeat(12)} ${branch(nth)}`,
      bell: `sign_1${"A".repeat(38)}`
    })
  const fillings: ReadonlyArray<readonly [string, (nth: number) => SlotRequest, number]> = [
    ["branches of 20 characters", realistic((nth) => `feature/${String(nth).padStart(12, "0")}`), 1],
    ["branches of 255 characters", realistic((nth) => String(nth).padStart(255, "b")), 1],
    [
      "branches of 255 four-byte characters, asked for by four deliveries",
      realistic((nth) => `${nth}${emoji.repeat(250)}`),
      4
    ],
    ["four-byte characters in every field", (nth) => widest(nth, emoji), 4],
    ["characters that JSON escapes in every field", (nth) => widest(nth, control), 4]
  ]

  it("can be stored, whatever happens to it then, with the widest values in every field", () => {
    for (const [what, nth, deliveries] of fillings) {
      const { count, queue } = fill(emptyQueue, nth, deliveries)
      assert.isAbove(count, 10, what)
      let now = 1_764_489_600_000
      const states: Array<SlotQueue> = [queue]
      for (let round = 0; round < 4; round++) {
        const last = states.at(-1) ?? queue
        const again = request(last, { ...nth(count - 1), bell: "again".padEnd(128, control) }, at(now, 10)).queue
        states.push(again, sweep({ ...again, sweepAt: now + leaseDuration }, at(now + leaseDuration, 1000)).queue)
        now += leaseDuration
      }
      for (const state of states) assert.deepStrictEqual(serde.deserialize(serde.serialize(state)), state, what)
    }
  })

  it("takes as many builds whatever their branches are called", () => {
    const short = fill(emptyQueue, realistic(String)).count
    assert.strictEqual(
      fill(
        emptyQueue,
        realistic((nth) => `${nth}${emoji.repeat(255)}`)
      ).count,
      short
    )
  })
})

describe("a queue of an earlier version, with the text of each line", () => {
  const line = `env main-${"x".repeat(200)}`
  const old: SlotQueue = {
    sweepAt: null,
    tickets: ["d_1", "d_2"].map((deploymentId, nth) => ({
      deploymentId,
      buildId: `bld-${deploymentId}`,
      isProduction: false,
      createdAt: nth,
      line: nth === 0 ? "" : line,
      bells: [`bell-${deploymentId}`],
      state: nth === 0 ? ("building" as const) : ("waiting" as const),
      leaseEnds: leaseDuration
    }))
  }

  it("is read, and a newer deployment of a line ends the wait of an older one that it holds", () => {
    const read = withStoredBranchKeys(old)
    const transition = request(read, slotRequest("d_3", 3, { line }), at(1))
    assert.deepStrictEqual(sent(transition.notifications), ["bell-d_2 superseded d_3"])
    assert.strictEqual(request(transition.queue, slotRequest("d_2", 1, { line }), at(1)).answer.by, "d_3")
    assert.deepStrictEqual(withStoredBranchKeys(read), read)
  })
})

describe("a newer deployment of the same line", () => {
  const line = "env main"
  const blocker = slotRequest("d_0", 0)

  it("ends the wait of older ones, whichever asks first", () => {
    const queue = queueOf([blocker, slotRequest("d_1", 1, { line })])
    const newer = request(queue, slotRequest("d_2", 2, { line }), at(1))
    assert.deepStrictEqual(sent(newer.notifications), ["bell-d_1 superseded d_2"])
    const late = request(newer.queue, slotRequest("d_1", 1, { line }), at(2))
    assert.deepInclude(late.answer, { outcome: "superseded", by: "d_2" })
    assert.lengthOf(late.queue.tickets, 2)
  })

  it("never ends a build, and is never superseded by an older one", () => {
    const queue = queueOf([slotRequest("d_1", 1, { line }), slotRequest("d_2", 2, { line })])
    assert.deepStrictEqual(building(queue), ["d_1"])
    assert.strictEqual(request(queue, slotRequest("d_1", 1, { line }), at(1)).answer.outcome, "granted")
  })

  it("is told by name to the oldest of several", () => {
    const queue = queueOf([blocker, slotRequest("d_3", 3, { line })])
    assert.deepInclude(request(queue, slotRequest("d_1", 1, { line }), at(1)).answer, {
      outcome: "superseded",
      by: "d_3"
    })
  })
})

describe("a lease", () => {
  const queue = { ...queueOf([slotRequest("d_1", 1), slotRequest("d_2", 2)]), sweepAt: leaseDuration }

  it("that is not renewed ends: the slot is reclaimed and stays in use until its build is stopped", () => {
    const kept = request(queue, slotRequest("d_2", 2), at(leaseDuration - 1)).queue
    const swept = sweep(kept, at(leaseDuration))
    assert.deepStrictEqual(
      swept.answer.map(({ buildId }) => buildId),
      ["bld-d_1"]
    )
    assert.deepStrictEqual(building(swept.queue), [])
    assert.isFalse(renew(swept.queue, holder("d_1"), at(leaseDuration)).answer.held)
    const free = reclaimed(swept.queue, holder("d_1"), at(leaseDuration + 1))
    assert.deepStrictEqual(building(free.queue), ["d_2"])
  })

  it("of a waiter that is silent ends without a word", () => {
    assert.deepStrictEqual(sent(sweep(queue, at(leaseDuration)).notifications), [])
    assert.lengthOf(sweep(queue, at(leaseDuration)).queue.tickets, 1)
  })

  it("of a slot whose reclaim comes to nothing ends as well", () => {
    const swept = sweep(queue, at(leaseDuration)).queue
    assert.deepStrictEqual(sweep({ ...swept, sweepAt: 2 * leaseDuration }, at(2 * leaseDuration)).queue.tickets, [])
  })

  it("begins anew when the reaper itself is late: no holder could have renewed", () => {
    const late = sweep(queue, at(leaseDuration + 10 * 60_000))
    assert.deepStrictEqual(late.answer, [])
    assert.deepStrictEqual(building(late.queue), ["d_1"])
    assert.strictEqual(nextSweep(late.queue, leaseDuration + 10 * 60_000), 2 * leaseDuration + 10 * 60_000)
  })

  it("has one reaper on its way, and gets another one when that one does not come", () => {
    assert.isUndefined(nextSweep(emptyQueue, 5))
    assert.strictEqual(nextSweep({ ...queue, sweepAt: null }, 5), leaseDuration)
    assert.isUndefined(nextSweep(queue, 5))
    assert.strictEqual(nextSweep(queue, leaseDuration + 60_001), leaseDuration + 60_001)
  })
})

describe("the position", () => {
  it("counts from the next to be served, and knows who builds", () => {
    const queue = queueOf([slotRequest("d_1", 1), slotRequest("d_2", 2), slotRequest("d_3", 0)])
    assert.deepStrictEqual(positionOf(queue, "d_2"), { state: "waiting", position: 2, waiting: 2, building: ["d_1"] })
    assert.deepStrictEqual(positionOf(queue, "d_1"), { state: "building", position: 0, waiting: 2, building: ["d_1"] })
    assert.deepStrictEqual(positionOf(queue, "d_9"), { position: 0, waiting: 2, building: ["d_1"] })
  })
})

type Message =
  | { readonly _tag: "request" | "renew" | "release" | "reclaimed"; readonly nth: number }
  | { readonly _tag: "wait"; readonly millis: number }

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    _tag: fc.constantFrom("request", "request", "renew", "release", "reclaimed"),
    nth: fc.integer({ min: 0, max: 9 })
  }),
  fc.record({ _tag: fc.constant("wait"), millis: fc.integer({ min: 0, max: 2 * leaseDuration }) })
)

/** Even ones are production; three lines. */
const requestOf = (nth: number): SlotRequest =>
  slotRequest(`d_${nth}`, nth, { isProduction: nth % 2 === 0, line: nth % 4 === 3 ? "" : `line_${nth % 4}` })

describe("whatever is asked, and whichever build falls silent", () => {
  const limit = 2
  interface World {
    readonly queue: SlotQueue
    readonly now: number
    readonly received: ReadonlyMap<string, string>
  }

  const apply = (world: World, given: Message): World => {
    const { now } = world
    const context = at(now, limit)
    const applied = (transition: {
      readonly queue: SlotQueue
      readonly notifications: ReadonlyArray<Notification>
    }): World => {
      const sweepAt = nextSweep(transition.queue, now) ?? transition.queue.sweepAt
      const queue = transition.queue.tickets.length === 0 ? emptyQueue : { ...transition.queue, sweepAt }
      const received = new Map(world.received)
      for (const { awakeableId, update } of transition.notifications) received.set(awakeableId, update.outcome)
      return { queue, now, received }
    }
    if (given._tag === "wait") {
      const due = world.queue.sweepAt
      if (due === null || due > now + given.millis) return { ...world, now: now + given.millis }
      const then = { ...world, now: Math.max(now, due) }
      const transition = sweep(then.queue, at(then.now, limit))
      const sweepAt = nextSweep(transition.queue, then.now) ?? transition.queue.sweepAt
      const queue = transition.queue.tickets.length === 0 ? emptyQueue : { ...transition.queue, sweepAt }
      return { ...then, queue }
    }
    if (given._tag === "request") return applied(request(world.queue, requestOf(given.nth), context))
    const transitions = { renew, release, reclaimed }
    return applied(transitions[given._tag](world.queue, holder(`d_${given.nth}`), context))
  }

  const start: World = { queue: emptyQueue, now: 0, received: new Map() }
  const inUse = ({ queue }: World) => queue.tickets.filter(({ state }) => state !== "waiting")
  const waiting = ({ queue }: World) => queue.tickets.filter(({ state }) => state === "waiting")

  it("no more slots are used than there are, none is free while a build waits, and no deployment is there twice", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
        messages.reduce((world, each) => {
          const next = apply(world, each)
          assert.isAtMost(inUse(next).length, limit)
          if (waiting(next).length > 0) assert.lengthOf(inUse(next), limit)
          const active = next.queue.tickets.filter(({ state }) => state !== "reclaimed")
          assert.lengthOf(new Set(active.map(({ deploymentId }) => deploymentId)), active.length)
          return next
        }, start)
      }),
      { numRuns: sized(100, 500) }
    )
  })

  it("no preview is granted a slot that production waits for", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
        messages.reduce((world, each) => {
          const next = apply(world, each)
          const before = new Set(inUse(world).map(({ deploymentId }) => deploymentId))
          const fresh = inUse(next).filter(({ deploymentId }) => !before.has(deploymentId))
          if (fresh.some(({ isProduction }) => !isProduction))
            assert.isFalse(waiting(next).some(({ isProduction }) => isProduction))
          return next
        }, start)
      }),
      { numRuns: sized(100, 500) }
    )
  })

  it("all slots are free in the end when no message arrives any more", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        let world = messages.reduce(apply, start)
        for (let waits = 0; waits < 40; waits++) world = apply(world, { _tag: "wait", millis: 2 * leaseDuration })
        assert.deepStrictEqual(world.queue, emptyQueue)
      }),
      { numRuns: sized(60, 300) }
    )
  })
})
