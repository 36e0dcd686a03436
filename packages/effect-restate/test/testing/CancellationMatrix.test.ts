import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Ref, Schema } from "effect"
import { Contract } from "../../src/contract/Contract.ts"
import { implement } from "../../src/contract/Implementation.ts"
import { cancellable } from "../../src/operations/cancellable.ts"
import type { Durable } from "../../src/operations/Durable.ts"
import { call } from "../../src/operations/Messaging.ts"
import { onRollback, type SagaLog, saga, withUndo } from "../../src/operations/Saga.ts"
import { step } from "../../src/operations/Step.ts"
import { type CancellationOptions, cancellationMatrix } from "../../src/testing/CancellationMatrix.ts"
import { crashMatrix } from "../../src/testing/CrashMatrix.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../../src/testing/MemoryRestate.ts"

class Woken extends Schema.TaggedError<Woken>()("Woken", {}) {}

const Trips = Contract.object("Trips", { book: {} })
const Seats = Contract.object("Seats", { take: {} })

interface Booked {
  readonly answered: boolean
  readonly seats: number
  readonly rooms: number
}

interface Stock {
  readonly seats: Ref.Ref<ReadonlySet<string>>
  readonly rooms: Ref.Ref<ReadonlySet<string>>
}

const add = (taken: Ref.Ref<ReadonlySet<string>>) => Ref.update(taken, (all) => new Set([...all, "trip"]))
const remove = (taken: Ref.Ref<ReadonlySet<string>>) => Ref.set(taken, new Set<string>())

type Book = (stock: Stock) => Effect.Effect<void, unknown, Durable | SagaLog>

/** Registered before what they undo: a step that is cut off half-way may have had its effect. */
const careful: Book = ({ rooms, seats }) =>
  Effect.gen(function* () {
    yield* onRollback(() => step("give up the seat", remove(seats)))
    yield* call(Seats, "12A", "take", undefined)
    yield* Effect.sleep("1 hour")
    yield* onRollback(() => step("give up the room", remove(rooms)))
    yield* step("take a room", add(rooms))
  })

/** Only what has answered is undone: a call that is cancelled while its callee works leaves a seat. */
const hopeful: Book = ({ rooms, seats }) =>
  Effect.gen(function* () {
    yield* withUndo(call(Seats, "12A", "take", undefined), () => step("give up the seat", remove(seats)))
    yield* Effect.sleep("1 hour")
    yield* withUndo(step("take a room", add(rooms)), () => step("give up the room", remove(rooms)))
  })

/** The undo says that it has been done, and does nothing. */
const broken: Book = ({ rooms, seats }) =>
  Effect.gen(function* () {
    yield* onRollback(() => step("give up the seat", Effect.void))
    yield* call(Seats, "12A", "take", undefined)
    yield* Effect.sleep("1 hour")
    yield* step("take a room", add(rooms))
    yield* step("keep the seat", add(seats))
  })

const trips =
  (book: Book) =>
  (disturbance: MemoryRestateOptions): Effect.Effect<Booked> =>
    Effect.gen(function* () {
      const stock = {
        seats: yield* Ref.make<ReadonlySet<string>>(new Set()),
        rooms: yield* Ref.make<ReadonlySet<string>>(new Set())
      }
      const engine = new MemoryRestate(disturbance)
      yield* engine.serve(implement(Seats, { take: () => step("take the seat", add(stock.seats)) }))
      yield* engine.serve(
        // Whatever fails in it is a durable failure, which any handler may fail with.
        implement(Trips, { book: () => saga(book(stock)) as Effect.Effect<void, never, Durable> })
      )
      const exit = yield* Effect.exit(engine.call(Trips, "t", "book", undefined))
      yield* engine.drain
      const [seats, rooms] = [yield* Ref.get(stock.seats), yield* Ref.get(stock.rooms)]
      return { answered: Exit.isSuccess(exit), seats: seats.size, rooms: rooms.size }
    })

const undone: Booked = { answered: false, seats: 0, rooms: 0 }
const doneOrUndone: CancellationOptions<Booked> = { outcomes: [undone] }

describe("the crash matrix with cancellations", () => {
  it.effect("passes for a workflow that is done or undone, whatever is cancelled and wherever", () =>
    Effect.gen(function* () {
      const { points, runs } = yield* cancellationMatrix(trips(careful), doneOrUndone)
      assert.isAbove(points, 8)
      assert.isAbove(runs, points + 8)
    })
  )

  it.effect("finds an undo that undoes nothing, and says where the cancellation met the workflow", () =>
    Effect.gen(function* () {
      const { disturbed } = yield* Effect.flip(cancellationMatrix(trips(broken), doneOrUndone))
      const asleep = disturbed.find(({ disturbance }) =>
        disturbance.startsWith("cancelled Trips/t/book#1: after-ack Trips/t/book#1 entry 1 (sleep)")
      )
      assert.deepStrictEqual(asleep?.differences, ["seats is 1 instead of 0"])
      assert.isTrue(disturbed.some(({ disturbance }) => disturbance.endsWith("suspended at every wait")))
    })
  )

  it.effect(
    "finds an undo that is registered after what it undoes, by cancelling a caller at points of its callee",
    () =>
      Effect.gen(function* () {
        const { disturbed } = yield* Effect.flip(cancellationMatrix(trips(hopeful), doneOrUndone))
        const places = disturbed.map(({ disturbance }) => disturbance)
        assert.include(places, "cancelled Trips/t/book#1: after-ack Seats/12A/take#1 entry 0 (run take the seat)")
        for (const { differences } of disturbed) assert.isNotEmpty(differences)
      })
  )

  it.effect("lets a function say which outcomes may be, and names the point when it asserts", () =>
    Effect.gen(function* () {
      const never = { outcomes: () => assert.fail("no cancellation may change anything") }
      const failure = yield* Effect.flip(cancellationMatrix(trips(careful), never))
      assert.include(failure.message, "no cancellation may change anything")
      assert.include(failure.message, "cancelled Trips/t/book#1: before Trips/t/book#1 entry 0")
      yield* cancellationMatrix(trips(careful), {
        outcomes: ({ answered, rooms, seats }) => !answered && seats === rooms
      })
    })
  )

  it.effect("takes the refusal of a cancelled call for an outcome unless others are declared", () =>
    Effect.gen(function* () {
      const Naps = Contract.object("Naps", { take: { output: Schema.String } })
      const naps = (disturbance: MemoryRestateOptions) =>
        Effect.gen(function* () {
          const engine = new MemoryRestate(disturbance)
          yield* engine.serve(implement(Naps, { take: () => Effect.as(Effect.sleep("1 hour"), "slept") }))
          return yield* engine.call(Naps, "n", "take", undefined)
        })
      yield* cancellationMatrix(naps)
      const failure = yield* Effect.flip(cancellationMatrix(naps, { outcomes: [] }))
      assert.strictEqual(failure._tag, "MatrixFailed")
      assert.include(failure.message, "call to Naps/take failed")
    })
  )

  it.effect("takes no other failure for the refusal of a cancelled call", () =>
    Effect.gen(function* () {
      const Naps = Contract.object("Naps", { take: { error: Woken } })
      const naps = (disturbance: MemoryRestateOptions) =>
        Effect.gen(function* () {
          const engine = new MemoryRestate(disturbance)
          const take = Effect.catchTag(cancellable(Effect.sleep("1 hour")), "Cancelled", () => new Woken())
          yield* engine.serve(implement(Naps, { take: () => take }))
          return yield* engine.call(Naps, "n", "take", undefined)
        })
      const failure = yield* Effect.flip(cancellationMatrix(naps))
      assert.strictEqual(failure._tag, "MatrixFailed")
      assert.include(failure.message, "the scenario failed: Woken")
    })
  )

  it.effect("cancels at each time that a point is reached, when its step is tried again", () =>
    Effect.gen(function* () {
      const Flaky = Contract.object("Flaky", { work: {} })
      const triesWhenCancelled = new Set<number>()
      const story = (disturbance: MemoryRestateOptions) =>
        Effect.gen(function* () {
          let tries = 0
          const body = Effect.suspend(() => (++tries < 3 ? Effect.dieMessage("not yet") : Effect.void))
          const engine = new MemoryRestate(disturbance)
          yield* engine.serve(implement(Flaky, { work: () => step("flaky", body) }))
          const exit = yield* Effect.exit(engine.call(Flaky, "f", "work", undefined))
          return { answered: Exit.isSuccess(exit), tries }
        })
      yield* cancellationMatrix(story, {
        outcomes: ({ answered, tries }) => {
          if (!answered) triesWhenCancelled.add(tries)
          return true
        }
      })
      assert.includeMembers([...triesWhenCancelled], [1, 2, 3])
    })
  )

  it.effect("cancels only what it is asked to, and only without suspensions when asked", () =>
    Effect.gen(function* () {
      const { points, runs } = yield* cancellationMatrix(trips(careful), {
        ...doneOrUndone,
        of: ({ point }) => (point.invocation.startsWith("Trips") ? [point.invocation] : []),
        suspended: false
      })
      assert.isBelow(runs, points)
    })
  )

  it.effect("is part of the crash matrix when outcomes are declared", () =>
    Effect.gen(function* () {
      const killed = yield* crashMatrix(trips(careful))
      const both = yield* crashMatrix(trips(careful), { cancelled: doneOrUndone })
      assert.isAbove(both.runs, killed.runs + both.points.length)
      const failure = yield* Effect.flip(crashMatrix(trips(broken), { cancelled: doneOrUndone }))
      assert.strictEqual(failure._tag, "MatrixFailed")
    })
  )
})
