import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Ref, Schema } from "effect"
import { Contract, implement } from "effect-restate"
import { MemoryRestate } from "effect-restate/testing"
import { DatabaseRefused } from "../../src/contract/errors.ts"
import { jsonLogger } from "../../src/layers/telemetry/JsonLogger.ts"
import { DbError } from "../../src/services/Db.ts"
import { databaseStep } from "../../src/workflows/databaseStep.ts"
import { requestAttributes } from "../../src/workflows/requestAttributes.ts"
import { pauseAfterRetries } from "../../src/workflows/retry.ts"

const Deploys = Contract.object("Deploys", {
  Deploy: { input: Schema.Struct({ deploymentId: Schema.String }), error: DatabaseRefused, mode: "shared" }
})

/** The lines of a deploy whose first step fails this often with an error, as the worker writes them. */
const linesOf = (times: number, error: DbError | Error) =>
  Effect.gen(function* () {
    const lines: Array<Readonly<Record<string, unknown>>> = []
    const capture = Logger.map(jsonLogger, (line) => void lines.push(JSON.parse(line)))
    const runs = yield* Ref.make(0)
    const load: Effect.Effect<void, DbError> = Effect.flatMap(
      Ref.updateAndGet(runs, (made) => made + 1),
      (run) => {
        if (run > times) return Effect.void
        return error instanceof DbError ? Effect.fail(error) : Effect.die(error)
      }
    )
    const deploy = databaseStep("load-deployment", load)
    const engine = new MemoryRestate()
    yield* engine
      .serve(
        implement(Deploys, { Deploy: () => deploy }, { retry: pauseAfterRetries, attributes: requestAttributes() })
      )
      .pipe(Effect.provide(Logger.replace(Logger.defaultLogger, capture)))
    yield* engine.call(Deploys, "proj_1", "Deploy", { deploymentId: "d_1" })
    return lines
  })

describe("a step whose database does not answer", () => {
  it.effect("is a line with its reason, its attempt and the next try, less and less often", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(9, new DbError({ operation: "DeploymentStore.find", reason: "timeout" }))
      assert.deepStrictEqual(
        lines.map(({ attempt, level, message }) => [level, message, attempt]),
        [1, 2, 4, 8].map((attempt) => ["warn", "A step failed", attempt])
      )
      for (const line of lines) {
        assert.include(line, {
          service: "Deploys",
          handler: "Deploy",
          key: "proj_1",
          step: "load-deployment",
          deployment_id: "d_1",
          "error.type": "DbError",
          reason: "DeploymentStore.find: timeout"
        })
        assert.match(String(line.next_retry_at), /^\d{4}-\d\d-\d\dT/)
      }
    })
  )

  it.effect("is named by its class alone when the error is not the worker's own: its text may hold a secret", () =>
    Effect.gen(function* () {
      const [line, ...more] = yield* linesOf(1, new RangeError("mysql://user:hunter2@db"))
      assert.isEmpty(more)
      assert.include(line, { level: "error", message: "A step ended with a defect", reason: "RangeError", attempt: 1 })
    })
  )
})
