import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Contract, type Durable, implement, stateCell, step, uuid } from "effect-restate"
import { MemoryRestate } from "effect-restate/testing"
import { NoticeStands } from "../../examples/maintenance/MaintenanceService.ts"
import { blocks, document, example } from "./authorsGuide.ts"
import { fileOf } from "./Markdown.ts"

describe("the author's guide", () => {
  it("shows code of the example as it is", () => {
    const shown = blocks.filter(({ info }) => info.startsWith("ts file="))
    assert.isAbove(shown.length, 8)
    for (const { code, info } of shown) {
      const path = info.slice("ts file=".length)
      assert.include(fileOf(path), code, path)
    }
  })

  it("shows something of every file of the example but its doubles", () => {
    const files = readdirSync(new URL(`../../${example}`, import.meta.url)).filter((name) => name.endsWith(".ts"))
    const unmentioned = files.filter((name) => !document.includes(`file=${example}/${name}`))
    assert.deepStrictEqual(unmentioned.sort(), ["MemoryStatusPage.ts", "served.test.ts"])
  })
})

describe("a mistake that the linter finds", () => {
  const rules = fileOf("packages/effect-restate/lint/workflows.grit")
  const messages = new Set(Array.from(rules.matchAll(/message = "([^"]+)"/g), ([, message]) => message ?? ""))

  it.each([...messages])("is in the guide with its words: %s", (message) => {
    assert.include(document, message)
  })
})

const Careless = Contract.object("Careless", {
  Run: { error: NoticeStands, mode: "shared" }
})

/** Why the invocation of this body waits for a person. */
const pausedBy = (body: Effect.Effect<void, never, Durable>) =>
  Effect.gen(function* () {
    const engine = new MemoryRestate()
    yield* engine.serve(implement(Careless, { Run: () => body }, { retry: { maxAttempts: 2 } }))
    const failure = yield* Effect.flip(engine.call(Careless, "a", "Run", undefined))
    return failure._tag === "InvocationPaused" ? failure.reason : `not paused: ${failure._tag}`
  })

describe("a mistake that the compiler cannot see", () => {
  for (const [what, body, said] of [
    [
      "a wait outside of the journal",
      Effect.asVoid(Effect.promise(() => new Promise((done) => setImmediate(done)))),
      "waited on something that is not in the journal: wrap that effect in a step"
    ],
    [
      "a durable operation that is smuggled into a step",
      // What the compiler refuses to let through.
      step("wait", uuid as unknown as Effect.Effect<void>),
      "a durable operation was used inside step wait: move it out of the step's body"
    ],
    [
      "state that a shared handler writes past the compiler",
      stateCell("shown", Schema.Boolean).clear as Effect.Effect<void, never, Durable>,
      "wrote state shown: make it exclusive"
    ],
    ["a body that does not end", step("slow", Effect.never), "step slow did not end within 30000 ms"]
  ] as const)
    it.effect(`${what} pauses the invocation with the words that the guide quotes`, () =>
      Effect.gen(function* () {
        assert.include(yield* pausedBy(body), said)
        assert.include(document, said)
      })
    )
})
