import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { BuildRowMaker } from "../../../src/layers/telemetry/buildRows.ts"
import type { BuildEvent } from "../../../src/services/builds/BuildTelemetry.ts"

const identity = { workspaceId: "ws_1", projectId: "proj_1", deploymentId: "d_1" }
const ids = { workspace_id: "ws_1", project_id: "proj_1", deployment_id: "d_1" }

const step = (stepId: string, change: object = {}): BuildEvent => ({
  _tag: "Step",
  stepId,
  name: `step ${stepId}`,
  cached: false,
  startedAt: 10,
  completedAt: null,
  error: "",
  ...change
})
const output = (stepId: string, at = 15, text = "line\n"): BuildEvent => ({ _tag: "Output", stepId, at, text })

describe("rows of a build", () => {
  it("a step that has written something is a row as soon as it is complete, a silent one at the build's end", () => {
    const maker = new BuildRowMaker(identity)
    assert.deepStrictEqual(maker.add([step("a"), step("b"), output("a")]), {
      steps: [],
      logs: [{ ...ids, time: 15, message: "line\n", step_id: "a" }]
    })
    assert.deepStrictEqual(maker.add([step("a", { completedAt: 20 }), step("b", { completedAt: 21 })]).steps, [
      {
        ...ids,
        step_id: "a",
        started_at: 10,
        completed_at: 20,
        name: "step a",
        cached: false,
        error: "",
        has_logs: true
      }
    ])
    const [silent, ...more] = maker.end()
    assert.isEmpty(more)
    assert.deepInclude(silent, { step_id: "b", has_logs: false })
  })

  it("[W39] a step has logs also when they come after it is complete", () => {
    const maker = new BuildRowMaker(identity)
    assert.isEmpty(maker.add([step("a", { completedAt: 20 })]).steps)
    assert.deepInclude(maker.add([output("a", 19)]).steps[0], { step_id: "a", has_logs: true })
    assert.isEmpty(maker.end())
  })

  it("[W39] a step without a start began when it ended, not in the year one", () => {
    const maker = new BuildRowMaker(identity)
    maker.add([step("a", { startedAt: null, completedAt: 20, cached: true })])
    assert.deepInclude(maker.end()[0], { started_at: 20, completed_at: 20, cached: true })
  })

  it("a text that is too long is cut between characters, and half a character is never written: a row that is not well-formed costs its whole batch", () => {
    const emoji = "\u{1F600}"
    const maker = new BuildRowMaker(identity)
    const name = `${"x".repeat(1_998)}${emoji.repeat(2)}`
    const error = `\ud83d${emoji.repeat(5_000)}`
    const { logs } = maker.add([output("a", 15, `${"x".repeat(63_999)}${emoji}x\ude00`)])
    const { steps } = maker.add([step("a", { name, error, completedAt: 20 })])
    assert.strictEqual(steps[0]?.name, name)
    assert.strictEqual(steps[0]?.error, `\ufffd${emoji.repeat(3_998)}…`)
    assert.strictEqual(logs[0]?.message, `${"x".repeat(63_999)}…`)
  })

  it("in whatever order events come: one row for each complete step, one for each output, and has_logs is true to them", () => {
    const event = fc.oneof(
      fc
        .record({ id: fc.constantFrom("a", "b", "c"), done: fc.boolean() })
        .map(({ done, id }) => step(id, { completedAt: done ? 20 : null })),
      fc.constantFrom("a", "b", "c").map((id) => output(id))
    )
    fc.assert(
      fc.property(fc.array(fc.array(event)), (batches) => {
        const maker = new BuildRowMaker(identity)
        const rows = batches.map((batch) => maker.add(batch))
        const steps = [...rows.flatMap((each) => each.steps), ...maker.end()]
        const events = batches.flat()
        const complete = new Set(
          events.flatMap((each) => (each._tag === "Step" && each.completedAt !== null ? [each.stepId] : []))
        )
        const wrote = new Set(events.flatMap((each) => (each._tag === "Output" ? [each.stepId] : [])))
        assert.deepStrictEqual(steps.map(({ step_id }) => step_id).toSorted(), [...complete].toSorted())
        assert.strictEqual(
          rows.flatMap(({ logs }) => logs).length,
          events.filter(({ _tag }) => _tag === "Output").length
        )
        for (const row of steps) assert.strictEqual(row.has_logs, wrote.has(row.step_id))
      })
    )
  })
})
