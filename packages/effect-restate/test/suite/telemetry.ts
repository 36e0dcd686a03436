import { inspect } from "node:util"
import { assert, describe } from "@effect/vitest"
import { Effect, Option, type Tracer } from "effect"
import { Telemetry } from "../fixtures/telemetry.ts"
import { freshKey, Host } from "./Host.ts"
import type { It } from "./semantics.ts"

const parentId = (span: Tracer.Span) => Option.getOrUndefined(span.parent)?.spanId

/** Runs a handler and answers with the log lines and spans that belong to it. */
const telemetryOf = (handler: "logs" | "prints" | "spans" | "learns" | "trips" | "refuses", outcome = "succeeded") =>
  Effect.gen(function* () {
    const host = yield* Host
    const { lines, spans } = yield* Telemetry
    const key = yield* freshKey
    const before = spans.length
    assert.strictEqual((yield* host.call(key, handler)).status, outcome === "succeeded" ? 200 : 500)
    const attempts = () => spans.filter((span) => span.attributes.get("restate.invocation.key") === key)
    yield* host.until(
      "the last attempt's span",
      Effect.sync(() => attempts().some((span) => span.attributes.get("restate.attempt.outcome") === outcome))
    )
    return {
      lines: lines.filter(({ annotations }) => annotations.key === key),
      attempts: attempts(),
      spans: spans.slice(before)
    }
  })

/** Sequential also where tests run beside each other: they read what all tests of the host have written. */
export const telemetryGuarantees = (it: It): void => {
  describe.sequential("telemetry", () => {
    it.effect("a log line is written once, not again on replay, with its invocation, service, handler and step", () =>
      Effect.gen(function* () {
        const { lines } = yield* telemetryOf("logs")
        assert.deepStrictEqual(
          lines.map(({ text }) => text),
          ["one", "inside", "two", "three", "four"]
        )
        for (const { annotations, date } of lines) {
          assert.isAbove(date.getTime(), Date.UTC(2026, 0))
          assert.strictEqual(annotations.handler, "logs")
          assert.match(String(annotations.invocation), /^inv_/)
        }
        assert.deepStrictEqual(
          lines.map(({ annotations }) => annotations.step),
          [undefined, "inside", undefined, undefined, undefined]
        )
      })
    )

    it.effect("what a workflow writes to the console is written once, not again on replay", () =>
      Effect.gen(function* () {
        const { printed } = yield* Telemetry
        const before = printed.length
        yield* telemetryOf("prints")
        assert.deepStrictEqual(
          printed.slice(before).map((text) => text.split(" ")[1]),
          ["one", "inside", "two"]
        )
      })
    )

    it.effect("a span is emitted once and hangs on the nearest real span, one attempt span per attempt", () =>
      Effect.gen(function* () {
        const host = yield* Host
        const { attempts, spans } = yield* telemetryOf("spans")
        const named = (name: string) => spans.filter((span) => span.name === name)
        const real = new Set(spans.map((span) => span.spanId))
        for (const name of ["first", "inside first", "second", "inside second"]) {
          assert.strictEqual(named(name).length, 1, name)
          const parent = parentId(named(name)[0] ?? assert.fail(name))
          assert.isTrue(parent !== undefined && real.has(parent), `${name} hangs on a real span`)
        }
        assert.strictEqual(named("workflow").length, 1)
        for (const attempt of attempts) assert.strictEqual(attempt.kind, "server")
        if (host.suspendsAtOnce) assert.isAbove(attempts.length, 1)
        else assert.strictEqual(attempts.length, 1)
      })
    )

    it.effect(
      "what an invocation is about is on its lines and spans, and what it learns from then on, after a replay too",
      () =>
        Effect.gen(function* () {
          const { attempts, lines, spans } = yield* telemetryOf("learns")
          const key = attempts[0]?.attributes.get("restate.invocation.key")
          const about = `learns of ${key}`
          assert.deepStrictEqual(
            lines.map(({ annotations, text }) => [text, annotations.about, annotations.order]),
            [
              ["unaware", about, undefined],
              ["aware", about, "order 1"],
              ["end", about, "order 1"]
            ]
          )
          for (const attempt of attempts) assert.strictEqual(attempt.attributes.get("about"), about)
          // Earlier attempts may have ended before it was known.
          assert.strictEqual(attempts.at(-1)?.attributes.get("order"), "order 1")
          const ofStep = (name: string) =>
            Object.fromEntries(spans.find((span) => span.name === name)?.attributes ?? [])
          assert.deepInclude(ofStep("unaware"), { about })
          assert.deepInclude(ofStep("aware"), { about, order: "order 1" })
        })
    )

    it.effect(
      "a step that fails is logged on attempts 1, 2, 4, 8 and when the error is another, with reason and next try",
      () =>
        Effect.gen(function* () {
          const { lines } = yield* telemetryOf("trips")
          const failed = lines.filter(({ annotations }) => annotations.step === "walk")
          assert.deepStrictEqual(
            failed.map(({ annotations, level }) => [
              level,
              annotations.attempt,
              annotations["error.type"],
              annotations.reason
            ]),
            [
              ["WARN", 1, "Tripped", "over a stone"],
              ["WARN", 2, "Tripped", "over a stone"],
              ["ERROR", 4, "RuntimeException", "RuntimeException"],
              ["WARN", 5, "Tripped", "over a stone"]
            ]
          )
          for (const { annotations, date, text } of failed) {
            assert.match(text, annotations.attempt === 4 ? /^A step ended with a defect .*secret/ : /^A step failed$/)
            // The line may be written a moment after the next try was computed.
            assert.closeTo(Date.parse(String(annotations.next_retry_at)), date.getTime(), 1_000)
          }
        })
    )

    it.effect("the span of an attempt that fails says the tag of its error and nothing of its text", () =>
      Effect.gen(function* () {
        const { attempts } = yield* telemetryOf("refuses", "failed")
        assert.lengthOf(attempts, 1)
        assert.deepInclude(Object.fromEntries(attempts[0]?.attributes ?? []), { "error.type": "Overdrawn" })
        assert.notInclude(inspect(attempts[0], { depth: 9 }), "secret-account")
      })
    )
  })
}
