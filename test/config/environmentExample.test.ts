import { readFileSync } from "node:fs"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { renderEnvironmentExample } from "../../dev/configuration/environmentExample.ts"
import { environmentName, settingsByPath } from "../../src/config/Setting.ts"
import { fileVariable } from "../../src/config/secretFiles.ts"
import { settings } from "../../src/config/settings.ts"
import { describeConfig, loadWorkerConfig } from "../../src/config.ts"

const example = renderEnvironmentExample()

/** The assignments, with whether they are active. */
const assignments = Array.from(
  example.matchAll(/^(#?)(WORKER_\w+)=(.*)$/gm),
  ([, mark = "", name = "", value = ""]) => ({
    isActive: mark === "",
    name,
    value
  })
)

describe("the example of the worker's environment", () => {
  it("is what deploy/ holds; `npm run configuration` writes it anew", () => {
    assert.strictEqual(readFileSync(new URL("../../deploy/worker.env.example", import.meta.url), "utf8"), example)
  })

  it("names every setting once, and for each secret the variable of its file", () => {
    const all = [...settingsByPath(settings)].filter(([, { isIgnored }]) => isIgnored !== true)
    assert.deepStrictEqual(
      assignments.map(({ name }) => name),
      all.flatMap(([path, { kind }]) => [
        environmentName(path),
        ...(kind.isSecret === true ? [fileVariable(path)] : [])
      ])
    )
  })

  it.effect("is accepted by the worker as it stands, with only the required settings active", () =>
    Effect.gen(function* () {
      const active = assignments.filter(({ isActive }) => isActive).map(({ name, value }) => [name, value] as const)
      const config = yield* loadWorkerConfig([]).pipe(
        Effect.provide(FileSystem.layerNoop({})),
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map(active), { pathDelim: "_" }))
      )
      assert.strictEqual(describeConfig(config)["database.primary.host"], "mysql.example")
      assert.lengthOf(active, 1)
    })
  )

  it("has only lines that kubectl and docker read: empty ones, comments and assignments without quotes", () => {
    for (const line of example.trimEnd().split("\n")) assert.match(line, /^(|#.*|[A-Z0-9_]+=[^"']*)$/)
  })
})
