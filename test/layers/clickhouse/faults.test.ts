import { createServer } from "node:http"
import { ClickHouseError } from "@clickhouse/client"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { vi } from "vitest"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { type ClickhouseConnection, connectClickhouse } from "../../../src/layers/clickhouse/ClickhouseConnection.ts"
import { classifyClickhouseError } from "../../../src/layers/clickhouse/classifyClickhouseError.ts"
import { clickhouseOptions, sharedClickhouse } from "../../support/stack/Clickhouse.ts"

const canary = "s3cret-value"
const row = Schema.Struct({ one: Schema.Number })

interface Scripted {
  readonly status: number
  readonly code?: string
  readonly body: string
}

/** A server with one response for all requests, or none. */
const standIn = (answer: Scripted | "silence") =>
  Effect.gen(function* () {
    const server = createServer((request, response) => {
      request.resume()
      if (answer === "silence") return
      response.writeHead(answer.status, answer.code === undefined ? {} : { "x-clickhouse-exception-code": answer.code })
      response.end(answer.body)
    })
    return { url: `http://app:${canary}@127.0.0.1:${yield* onLoopback(server)}` }
  })

const ask = (clickhouse: ClickhouseConnection) =>
  clickhouse.select("ask", `SELECT {value:String} AS one /* ${canary} */`, { value: canary }, row)
const tell = (clickhouse: ClickhouseConnection) =>
  clickhouse.command("tell", `CREATE USER x IDENTIFIED BY {value:String} /* ${canary} */`, { value: canary })

const failureAt = (url: string, timeout?: Duration.Duration) =>
  Effect.flatMap(connectClickhouse(clickhouseOptions(url, timeout)), (clickhouse) =>
    Effect.all([Effect.flip(ask(clickhouse)), Effect.flip(tell(clickhouse))])
  )

const exception = (code: number, text: string): Scripted => ({
  status: 500,
  code: String(code),
  body: `Code: ${code}. DB::Exception: ${text} ${canary}. (SOME_ERROR) (version 25.8)`
})

const both = ["ask", "tell"] as const
/** Responses of a server or a proxy, and how SELECT and command fail. Undefined: a command may succeed. */
const answers: Readonly<
  Record<string, readonly [Scripted, reason: string, code?: string | undefined, onlySelect?: boolean]>
> = {
  "a wrong password": [exception(516, "Authentication failed"), "denied", "516"],
  "a missing right": [exception(497, "Not enough privileges"), "denied", "497"],
  "a timeout of the server": [exception(159, "Timeout exceeded"), "timeout", "159"],
  "too many queries": [exception(202, "Too many simultaneous queries"), "unreachable", "202"],
  "a table that is not there": [exception(60, "Unknown table"), "refused", "60"],
  "a syntax error that quotes a timeout": [exception(62, "Syntax error near 'Timeout error.'"), "refused", "62"],
  "a proxy's error page": [{ status: 502, body: "<html>Bad gateway</html>" }, "unexpected-answer"],
  "a proxy's friendly page": [{ status: 200, body: "<html>Hello</html>" }, "unexpected-answer", undefined, true],
  "nothing, with 200": [{ status: 200, body: "" }, "unexpected-answer", undefined, true],
  "half a result": [{ status: 200, body: '{"data":[{"one":1}],"rows":2' }, "unexpected-answer", undefined, true],
  "fewer rows than it says": [{ status: 200, body: '{"data":[],"rows":2}' }, "unexpected-answer", undefined, true],
  "rows of another shape": [
    { status: 200, body: '{"data":[{"two":"x"}],"rows":1}' },
    "unexpected-answer",
    undefined,
    true
  ]
}

describe("a request to ClickHouse", () => {
  for (const [what, [answer, reason, code, onlySelect]] of Object.entries(answers))
    it.live(`[W32] answered with ${what} fails as ${reason}, and tells nothing it was asked`, () =>
      Effect.gen(function* () {
        const { url } = yield* standIn(answer)
        const clickhouse = yield* connectClickhouse(clickhouseOptions(url))
        const requests = onlySelect === true ? [ask(clickhouse)] : [ask(clickhouse), tell(clickhouse)]
        for (const [nth, request] of requests.entries()) {
          const failure = yield* Effect.flip(request)
          assert.deepStrictEqual([failure.operation, failure.reason, failure.code], [both[nth], reason, code])
          assert.notInclude(JSON.stringify(failure) + failure.message + failure.stack, canary)
        }
      }).pipe(Effect.scoped)
    )

  it.live("fails as timeout when nothing answers, at its own bound", () =>
    Effect.gen(function* () {
      const { url } = yield* standIn("silence")
      const failures = yield* failureAt(url, Duration.millis(150))
      assert.deepStrictEqual(
        failures.map(({ reason }) => reason),
        ["timeout", "timeout"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("fails as unreachable, with Node's code, when nothing listens or the name is unknown", () =>
    Effect.gen(function* () {
      const [refused] = yield* failureAt(`http://app:${canary}@127.0.0.1:1`)
      assert.deepStrictEqual([refused.reason, refused.code], ["unreachable", "ECONNREFUSED"])
      const [unknown] = yield* failureAt(`http://app:${canary}@clickhouse.invalid:8123`)
      assert.strictEqual(unknown.reason, "unreachable")
      assert.notInclude(JSON.stringify([refused, unknown]), canary)
    }).pipe(Effect.scoped)
  )

  it.live("[W56] prints nothing of its own, whatever fails", () =>
    Effect.gen(function* () {
      const printed: Array<unknown> = []
      const print = vi.spyOn(process.stderr, "write").mockImplementation((text) => printed.push(text) > 0)
      const speak = vi.spyOn(console, "error").mockImplementation((...text) => void printed.push(...text))
      yield* Effect.addFinalizer(() => Effect.sync(() => [print, speak].map((spy) => spy.mockRestore())))
      yield* failureAt(`http://app:${canary}@127.0.0.1:1`)
      yield* Effect.flatMap(standIn(exception(62, "Syntax error")), ({ url }) => failureAt(url))
      assert.deepStrictEqual(printed, [])
    }).pipe(Effect.scoped)
  )

  it.live("is denied by a real engine that does not know the password", () =>
    Effect.gen(function* () {
      const { url } = yield* sharedClickhouse
      const wrong = new URL(url)
      wrong.username = "default"
      wrong.password = canary
      const [failure] = yield* failureAt(wrong.href)
      assert.deepStrictEqual([failure.reason, failure.code], ["denied", "516"])
    }).pipe(Effect.scoped)
  )
})

describe("the reason of a failure", () => {
  it("is never read from a text", () => {
    const misleading = new Error("Code: 497. DB::Exception: Timeout error. ECONNREFUSED")
    assert.deepStrictEqual(classifyClickhouseError(misleading), { reason: "unexpected-answer" })
    const odd = new ClickHouseError({ message: "m", code: "", type: "SYNTAX_ERROR" })
    assert.deepStrictEqual(classifyClickhouseError(odd), { reason: "unexpected-answer" })
  })
})
