import { gzipSync } from "node:zlib"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { build } from "esbuild"
import { consolePage, pageBuild } from "../../../dev/image/bundlePage.ts"

const largestBytes = 100_000

it.effect("the console's page, compressed, has at most 100 kB", () =>
  Effect.gen(function* () {
    const { outputFiles } = yield* Effect.promise(() => build({ ...pageBuild(consolePage), write: false }))
    const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0)
    assert.isAbove(bytes, 1000)
    assert.isAtMost(bytes, largestBytes)
  })
)
