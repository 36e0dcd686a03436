import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Logger, Scope, TestClock } from "effect"
import { ClickhouseBuildTelemetryLive } from "../../../src/layers/telemetry/ClickhouseBuildTelemetry.ts"
import { type BuildEvent, BuildTelemetry } from "../../../src/services/builds/BuildTelemetry.ts"
import { ClickhouseInsert } from "../../../src/services/clickhouse/ClickhouseInsert.ts"
import { ClickhouseUnavailable } from "../../../src/services/clickhouse/Usage.ts"

const identity = { workspaceId: "ws_1", projectId: "proj_1", deploymentId: "d_1" }
const output = (text: string): BuildEvent => ({ _tag: "Output", stepId: "a", at: 1, text })
const done: BuildEvent = {
  _tag: "Step",
  stepId: "a",
  name: "RUN make",
  cached: false,
  startedAt: 1,
  completedAt: 2,
  error: ""
}

type Insert = ClickhouseInsert["Type"]["insert"]

/** Telemetry with its own scope, and the rows inserted so far. */
const telemetryOn = (insert: Insert) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const layer = ClickhouseBuildTelemetryLive.pipe(
      Layer.provide(Layer.succeed(ClickhouseInsert, ClickhouseInsert.of({ insert }))),
      Layer.provide(Logger.remove(Logger.defaultLogger))
    )
    const telemetry = Context.get(yield* Layer.buildWithScope(layer, scope), BuildTelemetry)
    return { telemetry, close: Scope.close(scope, Exit.void) }
  })

const recording = () => {
  const inserted: Array<readonly [table: string, rows: number]> = []
  const insert: Insert = (table, rows) => Effect.sync(() => void inserted.push([table, rows.length]))
  return { inserted, insert }
}

const away: Insert = () => new ClickhouseUnavailable({ operation: "insert", reason: "unreachable" })

describe("telemetry of builds in ClickHouse", () => {
  it.effect("rows are written while the build runs, many at a time", () =>
    Effect.gen(function* () {
      const { insert, inserted } = recording()
      const { close, telemetry } = yield* telemetryOn(insert)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const record = yield* telemetry.record(identity)
          yield* Effect.forEach(Array.from({ length: 500 }), () => record([output("line\n")]))
          assert.isEmpty(inserted)
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual(inserted, [["build_step_logs_v1", 500]])
          yield* record([done])
        })
      )
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(inserted[1], ["build_steps_v1", 1])
      yield* close
    })
  )

  it.effect("[W39] what is not written yet is written when the worker stops", () =>
    Effect.gen(function* () {
      const { insert, inserted } = recording()
      const { close, telemetry } = yield* telemetryOn(insert)
      yield* Effect.scoped(Effect.flatMap(telemetry.record(identity), (record) => record([output("last words"), done])))
      yield* close
      assert.sameDeepMembers(inserted, [
        ["build_step_logs_v1", 1],
        ["build_steps_v1", 1]
      ])
      assert.strictEqual(yield* telemetry.dropped, 0)
    })
  )

  it.effect("a batch that is being written when the worker stops is written once", () =>
    Effect.gen(function* () {
      const { insert, inserted } = recording()
      const { close, telemetry } = yield* telemetryOn((table, rows) => Effect.delay(insert(table, rows), "3 seconds"))
      yield* Effect.scoped(Effect.flatMap(telemetry.record(identity), (record) => record([output("x")])))
      yield* TestClock.adjust("2 seconds")
      const closing = yield* Effect.fork(close)
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(inserted, [["build_step_logs_v1", 1]])
      assert.strictEqual(yield* telemetry.dropped, 0)
    })
  )

  it.effect("a ClickHouse that is away costs rows, which are counted, and no build waits for it", () =>
    Effect.gen(function* () {
      const { close, telemetry } = yield* telemetryOn(away)
      // No time passes in here: a recorder that waited would block forever.
      yield* Effect.scoped(Effect.flatMap(telemetry.record(identity), (record) => record([output("x"), done])))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* telemetry.dropped, 2)
      yield* close
    })
  )

  it.effect("a ClickHouse that comes back gets the rows that came meanwhile", () =>
    Effect.gen(function* () {
      const { insert, inserted } = recording()
      let attempts = 0
      const { close, telemetry } = yield* telemetryOn((table, rows) =>
        Effect.suspend(() => {
          attempts += 1
          return attempts < 3 ? away(table, rows) : insert(table, rows)
        })
      )
      yield* Effect.scoped(Effect.flatMap(telemetry.record(identity), (record) => record([output("x")])))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(inserted, [["build_step_logs_v1", 1]])
      assert.strictEqual(yield* telemetry.dropped, 0)
      yield* close
    })
  )

  it.effect(
    "[W56] memory is bounded: what does not fit is dropped at once, counted to the row, and steps still fit",
    () =>
      Effect.gen(function* () {
        const { insert, inserted } = recording()
        let isStuck = true
        const { close, telemetry } = yield* telemetryOn((table, rows) =>
          isStuck && table === "build_step_logs_v1" ? Effect.never : insert(table, rows)
        )
        const chunk = output("x".repeat(60_000))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const record = yield* telemetry.record(identity)
            yield* Effect.forEach(Array.from({ length: 1_000 }), () => record([chunk]))
            yield* record([done])
          })
        )
        const dropped = yield* telemetry.dropped
        // 120 kB each in memory, 32 MiB in total.
        assert.isAbove(dropped, 600)
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(inserted, [["build_steps_v1", 1]])
        isStuck = false
        const closing = yield* Effect.fork(close)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(closing)
        const written = inserted.reduce((sum, [table, rows]) => (table === "build_step_logs_v1" ? sum + rows : sum), 0)
        assert.strictEqual(written + (yield* telemetry.dropped), 1_000)
      })
  )
})
