import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option } from "effect"
import { renderConfiguration, writtenDefault } from "../../dev/configuration/render.ts"
import { openTelemetryVariables } from "../../src/config/openTelemetry.ts"
import { rules } from "../../src/config/rules.ts"
import { settingsByPath } from "../../src/config/Setting.ts"
import { settings } from "../../src/config/settings.ts"
import { vaultKindsOf } from "../../src/config/vaultRules.ts"

const all = new Map([...settingsByPath(settings), ...Object.entries(openTelemetryVariables)])

describe("the configuration reference", () => {
  it("is what docs/ holds; `npm run configuration` writes it anew", () => {
    assert.strictEqual(
      readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8"),
      renderConfiguration()
    )
  })

  it("has a sentence and what is accepted for every setting and variable, and a sentence for every rule", () => {
    for (const [path, { kind, meaning }] of all) {
      assert.match(meaning, /^[A-Z`a].*\.$/, path)
      assert.notStrictEqual(kind.accepts, "", path)
    }
    for (const { sentence } of rules) assert.match(sentence, /\.$/)
  })

  it.effect("writes defaults as they may be given", () =>
    Effect.gen(function* () {
      for (const [path, setting] of all) {
        const written = writtenDefault(setting)
        if (Option.isNone(written)) continue
        const given = yield* ConfigProvider.fromMap(new Map([[path, written.value]])).load(setting.config(path))
        assert.deepStrictEqual(given, Option.getOrThrow(setting.fallback), path)
      }
    })
  )

  it("names kinds of vault for settings that exist", () => {
    assert.isEmpty(Object.keys(vaultKindsOf).filter((path) => !all.has(path)))
  })
})
