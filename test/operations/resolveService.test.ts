import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { resolveService } from "../../src/operations/resolveService.ts"

const known = [
  "hydra.v1.DeployService",
  "hydra.v1.DeploymentService",
  "ctrl_worker.v1.IdlePreviews",
  "a.v1.Same",
  "b.v1.Same"
]

describe("the name of a service", () => {
  for (const [asked, expected] of [
    ["hydra.v1.DeployService", "hydra.v1.DeployService"],
    ["DeployService", "hydra.v1.DeployService"],
    ["deploy", "hydra.v1.DeployService"],
    ["deploymentservice", "hydra.v1.DeploymentService"],
    ["IdlePreviews", "ctrl_worker.v1.IdlePreviews"],
    ["b.v1.Same", "b.v1.Same"]
  ] as const)
    it(`${asked} is ${expected}`, () => assert.deepStrictEqual(resolveService(asked, known), Either.right(expected)))

  for (const [asked, suggestions] of [
    ["DeployServices", ["hydra.v1.DeployService"]],
    ["Same", ["a.v1.Same", "b.v1.Same"]],
    ["Zebra", []]
  ] as const)
    it(`${asked} is refused with the known ones`, () => {
      const refused = Either.flip(resolveService(asked, known)).pipe(Either.getOrThrow)
      assert.deepStrictEqual(refused.suggestions, suggestions)
      assert.deepStrictEqual(refused.known, known.toSorted())
      assert.strictEqual(refused.message.includes("Did you mean"), suggestions.length > 0)
    })
})
