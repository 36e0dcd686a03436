import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { DeploymentService } from "../../../src/contract/DeploymentService.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { changeState, clearChanges, scheduleChange, takeChange } from "../../support/workflows/commands.ts"
import { deploymentRow, topologyOf } from "../../support/workflows/queries.ts"
import { observe } from "../../support/workflows/scenario.ts"
import { withStandby, withTwo } from "../../support/workflows/seeds.ts"

const service = DeploymentService.name
const desiredState = (id: string) => Effect.map(deploymentRow(id), (row) => row.desired_state)

describe("a scheduled change of desired state", () => {
  it.effect("is applied after its delay and not before, to the row and to every region", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      yield* scheduleChange("d_2", { delayMillis: 60_000, state: "standby" })
      yield* engine.advance(59_999)
      assert.strictEqual(yield* desiredState("d_2"), "running")
      yield* engine.advance(1)
      assert.strictEqual(yield* desiredState("d_2"), "standby")
      assert.deepStrictEqual(yield* topologyOf("d_2"), { eu: "stopped", us: "stopped" })
      assert.deepStrictEqual(engine.stateOf(service, "d_2"), {})
    }).pipe(on())
  )

  it.effect("does nothing once a later one was scheduled, and the later one is applied", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      yield* scheduleChange("d_2", { delayMillis: 60_000, state: "archived" })
      yield* scheduleChange("d_2", { delayMillis: 120_000, state: "standby" })
      yield* engine.advance(60_000)
      assert.strictEqual(yield* desiredState("d_2"), "running")
      yield* engine.advance(60_000)
      assert.strictEqual(yield* desiredState("d_2"), "standby")
    }).pipe(on())
  )

  it.effect("does nothing once it was cleared", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      const before = yield* observe
      yield* scheduleChange("d_2", { delayMillis: 60_000, state: "standby" })
      yield* clearChanges("d_2")
      yield* engine.drain
      assert.deepStrictEqual((yield* observe).rows, before.rows)
    }).pipe(on())
  )

  it.effect("is answered and withdrawn when it is taken, and the next one takes nothing", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      yield* scheduleChange("d_2", { delayMillis: 60_000, state: "standby" })
      assert.deepStrictEqual(yield* takeChange("d_2"), Either.right({ state: "standby" }))
      assert.deepStrictEqual(yield* takeChange("d_2"), Either.right({ state: "unspecified" }))
      yield* engine.drain
      assert.strictEqual(yield* desiredState("d_2"), "running")
    }).pipe(on())
  )

  it.effect("a change that is cancelled on its way is brought to its end", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      yield* scheduleChange("d_2", { delayMillis: 60_000, state: "archived" })
      const change = engine.submit(DeploymentService, "d_2", "SetDesiredState", { state: "standby" })
      yield* engine.until(() =>
        change.entries.some(({ answer, name }) => name === "load-placement" && answer !== undefined)
      )
      engine.cancel(change.id)
      yield* engine.drain
      assert.strictEqual(yield* desiredState("d_2"), "standby")
      assert.deepStrictEqual(yield* topologyOf("d_2"), { eu: "stopped", us: "stopped" })
      assert.deepStrictEqual(engine.stateOf(service, "d_2"), {})
    }).pipe(on())
  )

  const outcomes = [
    ["running", "started"],
    ["standby", "stopped"],
    ["archived", "stopped"]
  ] as const
  for (const [state, status] of outcomes)
    it.effect(`to ${state} tells krane ${status}`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* state === "running" ? withStandby : withTwo
        const id = state === "running" ? "d_1" : "d_2"
        yield* scheduleChange(id, { delayMillis: 0, state })
        yield* engine.drain
        assert.strictEqual(yield* desiredState(id), state)
        assert.deepStrictEqual(yield* topologyOf(id), { eu: status, us: status })
      }).pipe(on())
    )

  it.effect("of a delay below zero is applied at once", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      yield* scheduleChange("d_2", { delayMillis: -5, state: "standby" })
      yield* engine.settle
      assert.strictEqual(yield* desiredState("d_2"), "standby")
    }).pipe(on())
  )

  it.effect("[W28] never stops the live deployment, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      const before = yield* observe
      yield* scheduleChange("d_1", { delayMillis: 60_000, state: "standby" })
      yield* engine.drain
      assert.deepStrictEqual(yield* observe, before)
      const change = engine.invocations.find(({ target }) => target.handler === "ChangeDesiredState")
      assert.deepInclude(change?.result?.ok === false ? change.result.error : {}, {
        code: 409,
        message: "deployment d_1 is live; its desired state cannot change"
      })
    }).pipe(on())
  )

  it.effect("to nothing in particular is refused with 400 and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      engine.setState(service, "d_2", "transition", { Nonce: "n", To: 0 })
      const refusal = yield* Effect.flip(Effect.flatten(changeState("d_2", { nonce: "n", state: "unspecified" })))
      assert.strictEqual(refusal.message, "state: must be a desired state")
      assert.deepStrictEqual(engine.stateOf(service, "d_2"), {})
      assert.strictEqual(yield* desiredState("d_2"), "running")
    }).pipe(on())
  )

  it.effect("of a deployment that is gone answers 404 and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      engine.setState(service, "d_none", "transition", { Nonce: "n", To: 2 })
      const refusal = yield* Effect.flip(Effect.flatten(changeState("d_none", { nonce: "n", state: "standby" })))
      assert.strictEqual(refusal.message, "deployment d_none does not exist")
      assert.deepStrictEqual(engine.stateOf(service, "d_none"), {})
    }).pipe(on())
  )
})

describe("a change that the Go worker scheduled", () => {
  for (const state of [
    { Nonce: "go", To: 2 },
    { Nonce: "go", To: "DEPLOYMENT_DESIRED_STATE_STANDBY" },
    { nonce: "go", to: 2 }
  ])
    it.effect(`is applied when it arrives, stored as ${JSON.stringify(state)}`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* withTwo
        engine.setState(service, "d_2", "transition", state)
        const target = { service, key: "d_2", handler: "ChangeDesiredState" }
        const body = { nonce: "go", state: "DEPLOYMENT_DESIRED_STATE_STANDBY" }
        const delivered = engine.request(target, new TextEncoder().encode(JSON.stringify(body)))
        assert.isTrue((yield* engine.result(delivered)).ok)
        assert.strictEqual(yield* desiredState("d_2"), "standby")
      }).pipe(on())
    )

  it.effect("is replaced by one of ours, which a Go worker could read in turn", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      engine.setState(service, "d_2", "transition", { Nonce: "go", To: 3 })
      yield* scheduleChange("d_2", { delayMillis: 60_000, state: "standby" })
      assert.deepStrictEqual(yield* changeState("d_2", { nonce: "go", state: "archived" }), Either.right({}))
      assert.strictEqual(yield* desiredState("d_2"), "running")
      assert.deepInclude(engine.stateOf(service, "d_2").transition, { To: 2 })
    }).pipe(on())
  )
})
