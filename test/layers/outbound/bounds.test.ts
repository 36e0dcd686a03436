import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as bounds from "../../../src/layers/outbound/bounds.ts"

const page = readFileSync("docs/operating.md", "utf8")
const section = page.slice(page.indexOf("### Bounds for external services"), page.indexOf("### Secrets and how"))

const bytesOf = (bytes: number): string => (bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`)

/** The documented names, where two services share one. */
const names = { unkeyVault: "vault (Unkey's)", hashicorpVault: "vault (HashiCorp's)" } as const
const statusOnly: ReadonlyArray<string> = ["slack", "heartbeat"]

describe("the page for operators", () => {
  for (const [key, found] of Object.entries(bounds)) {
    const configured = typeof found === "function"
    const { maxBytes, maxInFlight, neighbour, timeout } = configured ? found(Duration.seconds(1)) : found
    it(`has the bounds of ${key}`, () => {
      const name = key === "unkeyVault" || key === "hashicorpVault" ? names[key] : neighbour
      const bytes = statusOnly.includes(key) ? "not read" : bytesOf(maxBytes)
      const within = configured ? "`clickhouse.request_timeout`" : `${Duration.toSeconds(timeout)} s`
      assert.include(section, `| ${name} | ${bytes} | ${within} | ${maxInFlight} |`)
    })
  }

  it("names no neighbour that has no bounds", () => {
    assert.lengthOf(section.match(/^\| .* \| \d+ \|$/gm) ?? [], Object.keys(bounds).length)
  })
})
