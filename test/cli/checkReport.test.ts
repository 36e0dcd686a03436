import { stripVTControlCharacters, styleText } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { checkReport, renderReport } from "../../src/cli/checkReport.ts"
import { unpainted } from "../../src/cli/terminal.ts"
import type { DependencyReport } from "../../src/operations/dependencies.ts"

const dependencies: ReadonlyArray<DependencyReport> = [
  {
    name: "mysql primary",
    status: "ok",
    latencyMillis: 12,
    detail: "10.11.14-MariaDB; schema up to date",
    advice: null
  },
  { name: "mysql replica", status: "not configured", latencyMillis: null, detail: "", advice: null },
  {
    name: "vault",
    status: "failed",
    latencyMillis: 10_004,
    detail: "vault check: timeout",
    advice: "Check vault.url and vault.token"
  },
  { name: "slack", status: "configured", latencyMillis: null, detail: "is not called by a check", advice: null }
]

const golden = `configuration  ok
mysql primary  ok                12 ms  10.11.14-MariaDB; schema up to date
vault          failed           10.0 s  vault check: timeout
               → Check vault.url and vault.token
slack          configured               is not called by a check

Not configured: mysql replica.

1 of 2 failed: vault.`

describe("the report of a check", () => {
  it("has a line for each configured dependency, aligned, and below a failure what to do", () => {
    assert.strictEqual(renderReport(checkReport("1.0.0", [], [], dependencies), unpainted), golden)
  })

  it("is the same text when it is painted", () => {
    const painted = renderReport(checkReport("1.0.0", [], [], dependencies), (style, text) =>
      styleText(style, text, { validateStream: false })
    )
    assert.notStrictEqual(painted, golden)
    assert.strictEqual(
      painted
        .split("\n")
        .map((line) => stripVTControlCharacters(line).trimEnd())
        .join("\n"),
      golden
    )
  })

  it("lists every problem of a configuration that cannot be read, and is not ok", () => {
    const report = checkReport("1.0.0", [{ setting: "cname_domain", problem: "is required" }], [], [])
    assert.isFalse(report.ok)
    assert.strictEqual(
      renderReport(report, unpainted),
      "configuration  failed                   1 problem; the other checks are skipped\n  cname_domain: is required"
    )
  })

  it("is ok exactly when nothing failed", () => {
    assert.isFalse(checkReport("1.0.0", [], [], dependencies).ok)
    assert.isTrue(
      checkReport(
        "1.0.0",
        [],
        [],
        dependencies.filter(({ status }) => status !== "failed")
      ).ok
    )
  })

  it("warns of each exposed secret by its setting, and is ok all the same", () => {
    const report = checkReport(
      "1.0.0",
      [],
      [{ setting: "vault.url", secret: "the token", address: "http://vault:8200", weakness: "not encrypted" }],
      []
    )
    assert.isTrue(report.ok)
    assert.strictEqual(
      renderReport(report, unpainted),
      "configuration  warning                  secrets leave this machine unprotected\n\n" +
        "  vault.url: the token → http://vault:8200, not encrypted\n\nAll 0 dependencies that were asked are ok."
    )
  })
})
