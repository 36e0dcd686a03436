import { assert, describe, it } from "@effect/vitest"
import { workerLogLine } from "../../dev/stack/workerLogLine.ts"

const entry = (fields: object) =>
  JSON.stringify({ timestamp: "2026-12-01T10:20:30.400Z", level: "info", message: "Deploy started", ...fields })

describe("the worker's log in npm run dev", () => {
  it("shows time, level, message, and as fields what the line and its details have", () => {
    const own = { fiber: "#7", instance_id: "ins_1", span_id: "ab", invocation: "inv_1", deployment_id: "d_1", n: 2 }
    const line = entry({ ...own, details: { event: "deploy.started" } })
    assert.deepStrictEqual(workerLogLine(line), [
      "10:20:30.400 info  Deploy started  event=deploy.started deployment_id=d_1 n=2 invocation=inv_1"
    ])
  })

  it("puts the cause below its line, and quotes values with spaces", () => {
    assert.deepStrictEqual(workerLogLine(entry({ level: "error", cause: "Error: no\n    at x", reason: "not now" })), [
      '10:20:30.400 error Deploy started  reason="not now"',
      "    Error: no",
      "        at x"
    ])
  })

  it("cuts the fields of a very long line", () => {
    const [line = ""] = workerLogLine(entry({ details: { settings: "x".repeat(5_000) } }))
    assert.isBelow(line.length, 300)
    assert.match(line, /…$/)
  })

  it("shows output that is no log entry as it is, and no escape sequence of either", () => {
    assert.deepStrictEqual(workerLogLine("Segmentation \u001b[31mfault\u0007"), ["Segmentation fault "])
    const [line = ""] = workerLogLine(
      entry({ message: "\u001b]0;title\u0007hi", domain: "\u001b[2Jx", key: "a\u009bb" })
    )
    assert.notMatch(line, /[\p{Cc}]/u)
  })
})
