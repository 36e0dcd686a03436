import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Fiber, Layer, Option, TestClock } from "effect"
import { Interactive } from "../../src/cli/confirm.ts"
import type { VersionsNotDrained, WorkLeftBehind } from "../../src/cli/versions.ts"
import { type RegisteredVersion, RestateVersions, type Unfinished } from "../../src/operations/RestateVersions.ts"
import { runVersions } from "../support/runVersions.ts"
import { sleepingUntil, untilIo } from "../support/untilIo.ts"

const service = "hydra.v1.RoutingService"

const version = (id: string, parts: Partial<RegisteredVersion> = {}): RegisteredVersion => ({
  id,
  address: `http://${id}:9080/`,
  createdAt: "2026-11-25T05:58:17.565000000Z",
  services: [service],
  newestOn: [],
  ...parts
})

const newest = version("dp_new", { newestOn: [service] })
const former = version("dp_old")
const foreign = version("dp_shop", { services: ["shop.Cart"] })

/** A Restate whose versions change as the test says; what is removed is gone, and in the list. */
const restate = (initial: ReadonlyArray<RegisteredVersion>, counts: Record<string, number> = {}) => {
  const state = { registered: initial, unfinished: new Map(Object.entries(counts)), removed: [] as string[] }
  const layer = Layer.succeed(
    RestateVersions,
    RestateVersions.of({
      registered: Effect.sync(() => state.registered),
      unfinished: Effect.sync((): Unfinished => new Map(state.unfinished)),
      remove: (id) =>
        Effect.sync(() => {
          state.removed.push(id)
          state.registered = state.registered.filter((each) => each.id !== id)
        })
    })
  )
  return { state, layer }
}

const settled = Effect.zipRight(untilIo(sleepingUntil(5_000)), TestClock.adjust("5 seconds"))

describe("the versions command", () => {
  it.effect("shows every version with where it stands, and removes nothing unless it is told", () =>
    Effect.gen(function* () {
      const { layer, state } = restate([newest, former, foreign])
      const { outcome, printed } = yield* Effect.provide(runVersions(), layer)
      assert.isTrue(Either.isRight(outcome))
      assert.deepStrictEqual(printed.split("\n"), [
        "deployment  address               created               state    unfinished  newest on",
        "dp_new      http://dp_new:9080/   2026-11-25T05:58:17Z  newest   0           all its services",
        "dp_old      http://dp_old:9080/   2026-11-25T05:58:17Z  drained  0           none",
        "dp_shop     http://dp_shop:9080/  2026-11-25T05:58:17Z  foreign  0           none"
      ])
      assert.isEmpty(state.removed)
    })
  )

  it.effect("removes what is drained, and never the newest, one with work or another application's", () =>
    Effect.gen(function* () {
      const busy = version("dp_busy")
      const { layer, state } = restate([newest, busy, former, foreign], { dp_busy: 2 })
      const running = yield* Effect.fork(Effect.provide(runVersions("--remove-drained", "--yes"), layer))
      yield* settled
      const { outcome, printed } = yield* Fiber.join(running)
      assert.isTrue(Either.isRight(outcome))
      assert.include(printed, "removed dp_old (http://dp_old:9080/)")
      assert.deepStrictEqual(state.removed, ["dp_old"])
    })
  )

  it.effect("keeps a version that took work between two looks", () =>
    Effect.gen(function* () {
      const { layer, state } = restate([newest, former])
      const running = yield* Effect.fork(Effect.provide(runVersions("--remove-drained", "--yes"), layer))
      yield* untilIo(sleepingUntil(5_000))
      state.unfinished.set("dp_old", 1)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(running)
      assert.isEmpty(state.removed)
    })
  )

  it.effect("removes nothing where there is no terminal to confirm on, unless --yes is given", () =>
    Effect.gen(function* () {
      const { layer, state } = restate([newest, former])
      const refused = runVersions("--remove-drained").pipe(Effect.provideService(Interactive, false))
      const { outcome } = yield* Effect.provide(refused, layer)
      const failure = Either.getOrThrow(Either.flip(outcome))
      assert.include(failure instanceof Error ? failure.message : "", "repeat it with --yes")
      assert.isEmpty(state.removed)
    })
  )

  it.effect("only says what it would remove in a dry run", () =>
    Effect.gen(function* () {
      const { layer, state } = restate([newest, former])
      const { printed } = yield* Effect.provide(runVersions("--remove-drained", "--dry-run"), layer)
      assert.include(printed, "would remove dp_old (http://dp_old:9080/)")
      assert.isEmpty(state.removed)
    })
  )

  it.effect("waits until the work is done and then removes the version", () =>
    Effect.gen(function* () {
      const { layer, state } = restate([newest, former], { dp_old: 1 })
      const running = yield* Effect.fork(
        Effect.provide(runVersions("--remove-drained", "--yes", "--wait", "10m"), layer)
      )
      yield* untilIo(sleepingUntil(5_000))
      state.unfinished.delete("dp_old")
      yield* TestClock.adjust("5 seconds")
      yield* untilIo(sleepingUntil(10_000))
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Either.isRight((yield* Fiber.join(running)).outcome))
      assert.deepStrictEqual(state.removed, ["dp_old"])
    })
  )

  it.effect("fails when the time it may wait is up, and removes nothing that has work left", () =>
    Effect.gen(function* () {
      const { layer, state } = restate([newest, former], { dp_old: 3 })
      const running = yield* Effect.fork(
        Effect.provide(runVersions("--remove-drained", "--yes", "--wait", "10s"), layer)
      )
      yield* settled
      yield* untilIo(sleepingUntil(10_000))
      yield* TestClock.adjust("5 seconds")
      const failure = Either.flip((yield* Fiber.join(running)).outcome)
      const { deployments, unfinished } = Either.getOrThrow(failure) as VersionsNotDrained
      assert.deepStrictEqual({ deployments, unfinished }, { deployments: ["dp_old"], unfinished: 3 })
      assert.isEmpty(state.removed)
    })
  )

  it.effect("says so when work was bound to a version in the moment of its removal", () =>
    Effect.gen(function* () {
      const { layer, state } = restate([newest, former])
      const running = yield* Effect.fork(
        runVersions("--remove-drained", "--yes").pipe(
          Effect.updateService(RestateVersions, (versions) =>
            RestateVersions.of({
              ...versions,
              remove: (id) =>
                Effect.zipRight(
                  Effect.sync(() => state.unfinished.set(id, 1)),
                  versions.remove(id)
                )
            })
          ),
          Effect.provide(layer)
        )
      )
      yield* settled
      const failure = Either.getOrThrow(Either.flip((yield* Fiber.join(running)).outcome)) as WorkLeftBehind
      assert.deepInclude(failure, { _tag: "WorkLeftBehind", deployment: "dp_old", unfinished: 1 })
      assert.include(failure.message, "resume it on that deployment")
    })
  )

  it.effect("refuses a duration that it does not understand", () =>
    Effect.gen(function* () {
      const { layer } = restate([newest])
      const { outcome } = yield* Effect.provide(runVersions("--wait", "soon"), layer)
      assert.isTrue(Option.isSome(Either.getLeft(outcome)))
    })
  )
})
