import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

const checkout = process.cwd()

const configurations = ["biome.json", ".dependency-cruiser.cjs", "packages/effect-restate/lint"]

/** Runs a checker on one file, in a checkout with only this file, the configurations and one package. */
const judge = (file: string, text: string, program: string, args: ReadonlyArray<string>) =>
  Effect.acquireUseRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "rules-"))),
    (folder) =>
      Effect.promise(async () => {
        await mkdir(join(folder, dirname(file)), { recursive: true })
        await writeFile(join(folder, file), text)
        await writeFile(join(folder, "tsconfig.json"), "{}")
        for (const name of configurations) await cp(join(checkout, name), join(folder, name), { recursive: true })
        await mkdir(join(folder, "node_modules/node-vault"), { recursive: true })
        await writeFile(join(folder, "node_modules/node-vault/index.js"), "export const request = 0")
        const path = join(checkout, "node_modules/.bin", program)
        return new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
          const child = execFile(path, [...args], { cwd: folder }, (_, stdout, stderr) =>
            resolve({ code: child.exitCode ?? -1, output: stdout + stderr })
          )
        })
      }),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )

const withBiome = (file: string, text: string) => judge(file, text, "biome", ["lint", "--vcs-enabled=false", file])

const withDepcruise = (file: string, text: string) =>
  judge(file, text, "depcruise", ["src", "--config", ".dependency-cruiser.cjs"])

const ways: Readonly<Record<string, readonly [judge: typeof withBiome, text: string]>> = {
  "the global fetch": [withBiome, `export const x = () => fetch("http://a.test")\n`],
  "fetch of globalThis": [withBiome, `export const x = () => globalThis.fetch("http://a.test")\n`],
  "Effect's client over fetch": [
    withBiome,
    `import { FetchHttpClient } from "@effect/platform"\nexport const x = FetchHttpClient.layer\n`
  ],
  "Effect's client over undici": [
    withBiome,
    `import { NodeHttpClient } from "@effect/platform-node"\nexport const x = NodeHttpClient.layerUndici\n`
  ],
  undici: [withBiome, `import { request } from "undici"\nexport const x = request\n`],
  "ClickHouse's own transport": [
    withBiome,
    `import { createClient } from "@clickhouse/client"\nexport const x = createClient\n`
  ],
  "Node's client": [withDepcruise, `import * as http from "node:http"\nexport const x = http.request\n`],
  "Node's client over TLS": [withDepcruise, `import { request } from "node:https"\nexport const x = request\n`],
  "a vendor's library in another layer": [
    withDepcruise,
    `import { request } from "node-vault"\nexport const x = request\n`
  ]
}

describe("the rules of imports", () => {
  for (const [name, [judged, text]] of Object.entries(ways))
    it.live(`keep ${name} out of every layer but the bounded client`, () =>
      Effect.gen(function* () {
        const refused = yield* judged("src/layers/Offender.ts", text)
        assert.notStrictEqual(refused.code, 0, refused.output)
        assert.match(refused.output, /which bounds them|error outbound-/)
      })
    )

  it.live("let the bounded client itself use them", () =>
    Effect.gen(function* () {
      const file = "src/layers/outbound/Own.ts"
      const own = yield* withBiome(file, `import { Undici } from "@effect/platform-node"\nexport const x = Undici\n`)
      assert.strictEqual(own.code, 0, own.output)
    })
  )
})
