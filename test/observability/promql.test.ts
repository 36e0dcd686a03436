import { assert, describe, it } from "@effect/vitest"
import { metricsOf, withAllChosen } from "./promql.ts"

describe("what an expression reads", () => {
  for (const [expr, names] of [
    ['rate(control_plane_worker_steps_total{service="nodejs_x"}[5m])', ["control_plane_worker_steps_total"]],
    ["up == 0 and nodejs_a and process_b", ["up", "nodejs_a", "process_b"]],
    ["control_plane_worker:attempts:total offset 1d", ["control_plane_worker:attempts:total"]],
    ["vector(0)", []]
  ] as const)
    it(`is found in ${expr}`, () => assert.deepStrictEqual(metricsOf(expr), [...names]))

  it("is chosen with the dashboard's variables", () => {
    assert.strictEqual(withAllChosen('rate(a{job=~"$job"}[$__rate_interval])'), 'rate(a{job=~".*"}[10s])')
  })
})
