import { type Duration, Effect } from "effect"
import type { Invocation } from "effect-restate/testing"
import { MemoryBuilder, type MemoryBuilderOptions } from "../../support/memory/MemoryBuilder.ts"
import { MemoryGitHub } from "../../support/memory/MemoryGitHub.ts"
import { building, buildsOf, fromGit } from "../../support/workflows/builds.ts"
import { ControlPlane, type ControlPlaneOptions, type Services } from "../../support/workflows/ControlPlane.ts"
import * as commands from "../../support/workflows/commands.ts"
import { type Story, thorough, twice } from "../../support/workflows/Story.ts"
import { pending, shop, withLive } from "../../support/workflows/seeds.ts"

const quick: MemoryBuilderOptions = { fateOf: () => ({ takes: "1500 millis", ends: "succeeds" }) }
const world: ControlPlaneOptions = { ...building, builder: quick }

/** What must not depend on crashes besides rows and states: how often was built, and what GitHub shows in the end. */
const withBuilds =
  (...ids: ReadonlyArray<string>) =>
  <A, E, R>(run: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const answer = yield* run
      const { engine } = yield* ControlPlane
      yield* engine.drain
      return { answer, builds: yield* buildsOf(...ids), orphans: (yield* MemoryBuilder).runningAt(engine.time.now) }
    })

const asked = (deploymentId: string, nth: number) => ({
  deploymentId,
  buildId: `bld-${deploymentId}`,
  isProduction: true,
  createdAt: nth,
  line: "",
  bell: `bell-${deploymentId}`
})
const holder = { deploymentId: "d_1", buildId: "bld-d_1" }

/** The one slot is in the hands of a deployment that is no more than that, for the given while. */
const whileHeld = (during: Effect.Effect<void, unknown, Services>) =>
  Effect.gen(function* () {
    yield* commands.requestSlot("ws_shop", asked("d_1", 1))
    yield* during
    yield* commands.releaseSlot("ws_shop", holder)
  })

const waitsFor = (duration: Duration.DurationInput) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* shop
    yield* fromGit("d_2", 2)
    yield* commands.requestSlot("ws_shop", asked("d_1", 1))
    const waiting = yield* commands.submitFromGit("d_2")
    yield* engine.advance(duration)
    yield* commands.releaseSlot("ws_shop", holder)
    return yield* engine.result(waiting)
  })

/** Two commits of one branch come while the slot is in use: only the newer one is built. */
const superseded = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  yield* shop
  const submitted: Array<Invocation> = []
  yield* whileHeld(
    Effect.gen(function* () {
      for (const nth of [2, 3]) {
        yield* fromGit(`d_${nth}`, nth, "main")
        submitted.push(yield* commands.submitFromGit(`d_${nth}`))
        yield* engine.advance("300 millis")
      }
    })
  )
  return yield* Effect.forEach(submitted, (invocation) => engine.result(invocation))
})

const cancelledWhileQueued = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  yield* shop
  yield* fromGit("d_2", 2)
  let queued: Invocation | undefined
  yield* whileHeld(
    Effect.gen(function* () {
      queued = yield* commands.submitFromGit("d_2")
      yield* engine.advance("1800 millis")
      engine.cancel(queued.id)
    })
  )
  return queued === undefined ? undefined : yield* engine.result(queued)
})

/** Another deploy waits for the slot meanwhile, and must get it. */
const cancelledWhileBuilding = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  yield* shop
  yield* fromGit("d_2", 2)
  const deploying = yield* commands.submitFromGit("d_2")
  yield* engine.advance("300 millis")
  yield* commands.requestSlot("ws_shop", asked("d_1", 1))
  yield* engine.advance("800 millis")
  engine.cancel(deploying.id)
  const result = yield* engine.result(deploying)
  return { result, renewed: yield* commands.renewSlot("ws_shop", holder) }
})

const succeeds = Effect.gen(function* () {
  yield* withLive
  yield* fromGit("d_2", 2)
  return yield* commands.deployFromGit("d_2")
})

const ofBranch = Effect.gen(function* () {
  yield* withLive
  yield* pending("d_2", 2)
  return yield* commands.deployFromBranch("d_2", "feature/cart")
})

export const gitStories: Readonly<Record<string, Story>> = {
  "Deploy from git": { run: withBuilds("d_2")(succeeds), world, matrix: twice },
  "Deploy from git of a branch": { run: withBuilds("d_2")(ofBranch), world, matrix: twice },
  "Deploy from git whose build fails": {
    run: withBuilds("d_2")(succeeds),
    world: {
      ...building,
      builder: {
        fateOf: () => ({ takes: "2500 millis", ends: { kind: "command_failed", message: "npm run build failed" } })
      }
    },
    matrix: twice
  },
  "Deploy from git whose build is lost once": {
    run: withBuilds("d_2")(succeeds),
    world: {
      ...building,
      builder: { fateOf: (_, run) => ({ takes: "1500 millis", ends: run === 1 ? "vanishes" : "succeeds" }) }
    },
    matrix: twice
  },
  "Deploy from git that waits longer than a minute": {
    run: withBuilds("d_2")(waitsFor("70500 millis")),
    world,
    matrix: twice
  },
  // A second delivery is not cancelled with the first one.
  "Deploy from git cancelled while queued": { run: withBuilds("d_2")(cancelledWhileQueued), world, matrix: {} },
  "Deploy from git cancelled while building": { run: withBuilds("d_2")(cancelledWhileBuilding), world, matrix: {} },
  "Deploy from git superseded": { run: withBuilds("d_2", "d_3")(superseded), world, matrix: twice }
}

/** `d_1` holds the slot and `d_2` waits for it. */
const heldAndAwaited = Effect.gen(function* () {
  const answers = [
    yield* commands.requestSlot("ws_shop", asked("d_1", 1)),
    yield* commands.requestSlot("ws_shop", asked("d_2", 2))
  ]
  return { answers, position: yield* commands.slotPosition("ws_shop", "d_2") }
})

/** The sender never returns: the reaper ends each of these stories. */
export const slotStories: Readonly<Record<string, Story>> = {
  "a slot that nobody renews, and a waiter that never asks again": {
    run: withBuilds("d_1", "d_2")(heldAndAwaited),
    world,
    matrix: thorough
  },
  "a slot that is renewed and returned": {
    run: Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const before = yield* heldAndAwaited
      yield* engine.advance("4 minutes")
      const renewed = yield* commands.renewSlot("ws_shop", holder)
      yield* engine.advance("2 minutes")
      const released = yield* commands.releaseSlot("ws_shop", holder)
      const lost = yield* commands.renewSlot("ws_shop", holder)
      return { before, renewed, released, lost, after: yield* commands.slotPosition("ws_shop", "d_2") }
    }),
    world,
    matrix: { pairs: 100 }
  }
}

export const commitStories: Readonly<Record<string, Story>> = {
  "Report of a commit's status": {
    run: Effect.gen(function* () {
      const report = { repository: "acme/shop", sha: "1".repeat(40), environment: "production", installationId: 42n }
      for (const state of ["pending", "in_progress", "failure"] as const)
        yield* commands.reportStatus("d_1", { ...report, state, description: state.repeat(100) })
      const { lastOf, statesOf } = yield* MemoryGitHub
      return { states: statesOf("d_1"), description: lastOf("d_1")?.description }
    }),
    world,
    matrix: thorough
  }
}
