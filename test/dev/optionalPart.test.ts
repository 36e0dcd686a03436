import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Option } from "effect"
import { installer } from "../../dev/stack/Apt.ts"
import { optionalPart } from "../../dev/stack/Optional.ts"
import { ComponentFailed, ComponentMissing, type StackFailure } from "../../dev/stack/StackFailure.ts"

class Part extends Context.Tag("test/dev/Part")<Part, string>() {}
class MaybePart extends Context.Tag("test/dev/MaybePart")<MaybePart, Option.Option<string>>() {}

const missing = new ComponentMissing({ component: "Part", remedies: ["npm install part"] })
const failed = (component: string) =>
  new ComponentFailed({ component, reason: "ended", detail: "exit code 1", lastLines: [] })

/** The part as a stack would see it, and what was said meanwhile. */
const build = (part: Layer.Layer<Part, StackFailure>) =>
  Effect.gen(function* () {
    const said: Array<string> = []
    const listener = Logger.make(({ message }) => said.push(String(message)))
    const listening = Logger.replace(Logger.defaultLogger, listener)
    const found = yield* MaybePart.pipe(
      Effect.provide(optionalPart(MaybePart, "the part", part, Part).pipe(Layer.provide(listening)))
    )
    return { found, said }
  })

describe("a part that a stack can do without", () => {
  it.effect("is there when it can be had, and nothing is said", () =>
    Effect.gen(function* () {
      const { found, said } = yield* build(Layer.succeed(Part, "here"))
      assert.deepStrictEqual([found, said], [Option.some("here"), []])
    })
  )

  it.effect.each([missing, failed(installer)])("is left out, aloud, when it cannot be had: $_tag", (failure) =>
    Effect.gen(function* () {
      const { found, said } = yield* build(Layer.fail(failure))
      assert.deepStrictEqual(found, Option.none())
      assert.deepStrictEqual(said, [`Left out: the part. ${failure.message}`])
    })
  )

  it.effect("fails the stack when it is there and breaks", () =>
    Effect.gen(function* () {
      const failure = failed("Part")
      assert.deepStrictEqual(yield* Effect.flip(build(Layer.fail(failure))), failure)
    })
  )
})
