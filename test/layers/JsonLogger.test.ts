import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { jsonLogger } from "../../src/layers/telemetry/JsonLogger.ts"

/** The lines that a program logs, with the logger under test. */
const linesOf = <A, E>(program: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const collect = Logger.replace(
      Logger.defaultLogger,
      Logger.map(jsonLogger, (line) => void lines.push(line))
    )
    return Effect.as(Effect.provide(program, Layer.merge(collect, Logger.minimumLogLevel(LogLevel.Trace))), lines)
  })

const entriesOf = <A, E>(program: Effect.Effect<A, E>) =>
  Effect.map(linesOf(program), (lines) => lines.map((line): Record<string, unknown> => JSON.parse(line)))

describe("JSON logger", () => {
  it.effect("a log is one line with time, level, message, what the fiber is annotated with and the current span", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        Effect.logWarning("route\nswapped", { routes: 3 }).pipe(
          Effect.annotateLogs({ invocation: "inv_1", service: "Routing", handler: "Swap", step: "swap-routes" }),
          Effect.withSpan("step.swap-routes")
        )
      )
      assert.lengthOf(lines, 1)
      assert.notInclude(lines[0], "\n")
      const entry: Record<string, unknown> = JSON.parse(lines[0] ?? "")
      assert.include(entry, {
        timestamp: "1970-01-01T00:00:00.000Z",
        level: "warn",
        message: "route\nswapped",
        invocation: "inv_1",
        service: "Routing",
        handler: "Swap",
        step: "swap-routes"
      })
      assert.deepStrictEqual(entry.details, { routes: 3 })
      assert.isString(entry.trace_id)
      assert.isString(entry.span_id)
    })
  )

  it.effect("values that JSON cannot hold cost their details and never the line", () =>
    Effect.gen(function* () {
      const cyclic: Record<string, unknown> = { big: 1n, not: Number.NaN, none: undefined, at: new Date(Number.NaN) }
      cyclic.self = cyclic
      const hostile = {
        get secret(): string {
          throw new Error("unreadable")
        }
      }
      let deep: unknown = "bottom"
      for (let level = 0; level < 10_000; level++) deep = [deep]
      const [entry, unreadable, nested] = yield* entriesOf(
        Effect.zipRight(Effect.log("a", cyclic), Effect.zipRight(Effect.log("b", hostile), Effect.log("c", deep)))
      )
      assert.deepStrictEqual(entry?.details, { big: "1", not: "NaN", none: null, at: null, self: "<circular>" })
      assert.strictEqual(unreadable?.message, "A log entry could not be written as JSON")
      assert.deepStrictEqual(nested?.details, [[[[[["<too deep>"]]]]]])
    })
  )

  it.effect("a secret stays redacted wherever it is", () =>
    Effect.gen(function* () {
      const secret = Redacted.make("s3cret")
      const lines = yield* linesOf(
        Effect.log("connecting", secret, { nested: [{ secret }], map: new Map([["k", secret]]) }).pipe(
          Effect.annotateLogs({ token: secret })
        )
      )
      assert.notInclude(lines.join(), "s3cret")
      assert.include(lines.join(), "<redacted>")
    })
  )

  it.effect("a cause is readable and bounded", () =>
    Effect.gen(function* () {
      const [short, long] = yield* entriesOf(
        Effect.zipRight(
          Effect.logError("failed", Cause.fail(new Error("disk full"))),
          Effect.logError("failed", Cause.die("x".repeat(100_000)))
        )
      )
      assert.include(short?.cause, "disk full")
      assert.isAtMost(String(long?.cause).length, 8_200)
    })
  )

  it.effect("an annotation cannot replace what the line says about itself", () =>
    Effect.gen(function* () {
      const [entry] = yield* entriesOf(Effect.annotateLogs(Effect.log("real"), { message: "forged", level: "fatal" }))
      assert.include(entry, {
        message: "real",
        level: "info",
        "annotation.message": "forged",
        "annotation.level": "fatal"
      })
    })
  )
})
