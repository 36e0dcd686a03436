import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { traceUrl } from "../../src/config/traceUrl.ts"

const accepted = [
  "https://grafana.example.com/explore?trace={trace_id}",
  "https://traces.example.com/#/{trace_id}",
  "http://127.0.0.1:4000/ui#trace={trace_id}&view=tree"
]

const refused: ReadonlyArray<readonly [value: string, why: string]> = [
  ["https://traces.example.com/", "no place for the id"],
  ["{trace_id}", "no address"],
  ["javascript:alert('{trace_id}')", "a script"],
  ["https://user:secret@traces.example.com/{trace_id}", "credentials"]
]

describe("the address of a trace", () => {
  for (const value of accepted)
    it(`keeps its place for the id, in a path, a query or a fragment: ${value}`, () =>
      assert.deepStrictEqual(traceUrl.decode(` ${value} `), Either.right(value)))
  for (const [value, why] of refused)
    it(`is refused: ${why}`, () => assert.isTrue(Either.isLeft(traceUrl.decode(value))))
})
