import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { failureOf, freshKey, Host, recorded, succeed, times } from "./Host.ts"
import type { It } from "./semantics.ts"

export const stepGuarantees = (it: It): void => {
  it.effect("each step runs exactly once when nothing goes wrong", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("sequence")
      assert.deepStrictEqual(output, [0, 1, 2, 3, 4])
      assert.deepStrictEqual(notes, ["n0", "n1", "n2", "n3", "n4"])
    })
  )

  it.effect("a typed failure is journaled once and leaves the handler with its status and its encoded self", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      const answer = yield* host.call(key, "refused")
      assert.strictEqual(answer.status, 422)
      assert.strictEqual(answer.body, "a is refused")
      assert.deepStrictEqual(failureOf(answer), { _tag: "Refused", item: "a", left: 3 })
      assert.deepStrictEqual(yield* recorded(key), ["asked"])
    })
  )

  it.effect("a typed failure shows its status and message alone to a caller that does not ask for its fields", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const answer = yield* host.callPlainly(yield* freshKey, "refused")
      assert.deepStrictEqual(answer, { status: 422, body: "a is refused", metadata: {} })
    })
  )

  it.effect("a typed failure replays as the same class without running the body again", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("caught")
      assert.strictEqual(output, "b 7 true")
      assert.deepStrictEqual(notes, ["asked"])
    })
  )

  it.effect("a typed failure with status 409 is not taken for a cancellation", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* succeed("conflict")).output, "conflict with c")
    })
  )

  it.effect("a typed failure that does not fit its own schema is a defect, which Restate retries", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("unfit")
      assert.strictEqual(output, "recovered")
      assert.deepStrictEqual(notes, ["unfit", "unfit"])
    })
  )

  it.effect("a transient failure is retried and never journaled as a failure", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("busy")
      assert.strictEqual(output, 3)
      assert.deepStrictEqual(notes, ["asked", "asked", "asked"])
    })
  )

  it.effect("a defect in a step is retried", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("flaky")
      assert.strictEqual(output, 3)
      assert.deepStrictEqual(notes, ["asked", "asked", "asked"])
    })
  )

  it.effect("a defect in the body is retried from the journal: finished steps do not run again", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("flakyBody")
      assert.strictEqual(output, 3)
      assert.strictEqual(notes.filter((note) => note === "before").length, 1)
    })
  )

  it.effect("a defect that holds a SQL error, of which it is unknown whether it committed, is retried", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("ambiguousCommit")
      assert.strictEqual(output, 2)
      assert.deepStrictEqual(notes, ["committed", "committed"])
    })
  )

  it.effect("a bounded step whose retries are exhausted fails with StepFailed, which the workflow can catch", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("exhausted")
      assert.match(String(output), /^ask 500 /)
      assert.deepStrictEqual(notes, ["asked", "asked", "asked"])
    })
  )

  const unreadable = {
    "not a number": "the value has no JSON",
    infinite: "the value has no JSON",
    big: "the value has no JSON",
    "not JSON": "its schema cannot read the value's JSON at itself"
  }
  for (const [what, problem] of Object.entries(unreadable))
    it.effect(`a result whose JSON its own schema could not read back fails its step at once (${what})`, () =>
      Effect.gen(function* () {
        const { output, notes } = yield* succeed("unreadable", what)
        assert.strictEqual(output, `measure 500 its result: ${problem}`)
        assert.deepStrictEqual(notes, ["ran"])
      })
    )

  it.effect("a StepFailed that the contract declares reaches the caller as itself", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const answer = yield* host.call(yield* freshKey, "declaredStepFailed")
      assert.strictEqual(answer.status, 500)
      assert.deepInclude(failureOf(answer), { _tag: "StepFailed", step: "ask" })
    })
  )

  it.effect("Restate's TerminalError in a step ends it at once, with its code", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("endsTerminally")
      assert.strictEqual(output, "ask 404 no such account")
      assert.deepStrictEqual(notes, ["asked"])
    })
  )

  for (const how of ["outlives its timeout", "dies when cut"] as const)
    it.effect(`a step that has lost a race and ${how} does not disturb the step that runs then`, () =>
      Effect.gen(function* () {
        const { key, output } = yield* succeed("stubbornLoser", how)
        assert.strictEqual(output, "done")
        assert.deepStrictEqual(yield* recorded(key), ["next began", "next ended"])
      })
    )

  it.effect("a step that hangs is cut off at its timeout and retried", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("hanging")
      assert.strictEqual(output, "answered")
      assert.deepStrictEqual(notes, ["asked", "interrupted", "asked"])
    })
  )

  it.effect("a durable operation inside a step is refused with an error that names the fix", () =>
    Effect.gen(function* () {
      const { output } = yield* succeed("nested")
      assert.include(String(output), "inside step outer: move it out")
    })
  )

  it.effect("a value that JSON does not know goes through its schema, into the journal and back", () =>
    Effect.gen(function* () {
      const row = { at: "2020-01-01T00:00:00.000Z" }
      assert.deepStrictEqual((yield* succeed("dated", row)).output, row)
    })
  )

  it.effect("a result over the size limit fails a bounded step at once with code 413", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* succeed("tooLargeBounded")).output, "measure 413")
    })
  )

  it.effect("a result over the size limit fails a patient step at once, and its key stays usable", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      const answer = yield* host.call(key, "tooLargePatient")
      assert.strictEqual(answer.status, 500)
      assert.match(String(answer.body), /^step measure: its result: \d+ bytes exceed the limit of 262144$/)
      assert.strictEqual(yield* times(key, "measure"), 1)
      assert.strictEqual((yield* host.call(key, "add", { by: 1 })).body, 1)
    })
  )
}
