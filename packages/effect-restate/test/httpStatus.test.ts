import { HttpApiSchema } from "@effect/platform"
import { assert, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import type { AnySchema } from "../src/contract/Contract.ts"
import { httpStatus } from "../src/contract/httpStatus.ts"
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
