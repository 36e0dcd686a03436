import { HttpApiSchema } from "@effect/platform"
import { assert, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import type { AnySchema } from "../src/contract/Contract.ts"
import { httpStatus } from "../src/contract/httpStatus.ts"
import { publicMetadata } from "../src/contract/publicMetadata.ts"
import { toTerminal } from "../src/contract/TypedFailure.ts"

class Missing extends Schema.TaggedError<Missing>()("Missing", { id: Schema.String }, httpStatus(404)) {}
class Taken extends Schema.TaggedError<Taken>()("Taken", {}, HttpApiSchema.annotations({ status: 409 })) {}
class Broken extends Schema.TaggedError<Broken>()("Broken", {}) {}
const Plain = Schema.Struct({ plain: Schema.Boolean }).annotations(httpStatus(422))

const statusOf = (schema: AnySchema, failure: unknown) =>
  Option.getOrThrow(Option.map(toTerminal(schema, failure, false), ({ code }) => code))

it("a failure ends its invocation with the status that its schema declares, in either annotation, and 500 without one", () => {
  const Any = Schema.Union(Missing, Taken, Broken, Plain)
  const cases: ReadonlyArray<[AnySchema, unknown, number]> = [
    [Missing, new Missing({ id: "a" }), 404],
    [Taken, new Taken(), 409],
    [Broken, new Broken(), 500],
    [Plain, { plain: true }, 422]
  ]
  for (const [schema, failure, status] of cases) {
    assert.strictEqual(statusOf(schema, failure), status)
    assert.strictEqual(statusOf(Any, failure), status)
  }
})

it("metadata is that of the member of a union that a failure belongs to; a function that throws makes the failure a defect", () => {
  class Tells extends Schema.TaggedError<Tells>()(
    "Tells",
    {},
    publicMetadata(() => ({ told: "yes" }))
  ) {}
  const broken = publicMetadata(() => {
    throw new Error("broken")
  })
  class Breaks extends Schema.TaggedError<Breaks>()("Breaks", {}, broken) {}
  const Any = Schema.Union(Missing, Tells, Breaks)
  const metadataOf = (failure: unknown) => Option.map(toTerminal(Any, failure, false), ({ metadata }) => metadata)
  assert.deepStrictEqual(metadataOf(new Tells()), Option.some({ told: "yes" }))
  assert.deepStrictEqual(metadataOf(new Missing({ id: "a" })), Option.some({}))
  assert.deepStrictEqual(metadataOf(new Breaks()), Option.none())
})
