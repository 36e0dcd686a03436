import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect } from "effect"

const root = fileURLToPath(new URL("../../", import.meta.url))
const copied = [
  "packages",
  "src",
  "test",
  "dev",
  "docs",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
  "biome.json",
  ".gitignore"
]

/** A copy of the repository that has its own kit: types of two kits would differ. */
const copy = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "new-service-"))
    for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true })
    mkdirSync(join(folder, "node_modules"))
    for (const name of readdirSync(join(root, "node_modules")).filter((name) => !/^\.(?!bin)/.test(name)))
      symlinkSync(
        name === "effect-restate" ? "../packages/effect-restate" : join(root, "node_modules", name),
        join(folder, "node_modules", name)
      )
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

class ProgramFailed extends Data.TaggedError("ProgramFailed")<{ readonly program: string; readonly output: string }> {
  override get message() {
    return `${this.program}\n${this.output}`
  }
}

/** What a program prints in the folder. */
const run = (folder: string, program: string, ...args: ReadonlyArray<string>) =>
  Effect.async<string, ProgramFailed>((resume) => {
    // The size of this run is not that of the copy's: it would leave out small files.
    const env = { ...process.env, TEST_SIZE: "", NO_COLOR: "1" }
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) =>
        resume(
          error === null ? Effect.succeed(out) : Effect.fail(new ProgramFailed({ program, output: `${out}${err}` }))
        )
    )
  })

/** Everything that watches over the lists of services. */
const watching = [
  "test/composition/deadlines.test.ts",
  "test/composition/implementations.test.ts",
  "test/contract/services.test.ts",
  "test/contract/widths.test.ts",
  "test/docs/guarantees.test.ts",
  "test/workflows/crash.test.ts",
  "test/workflows/journals.test.ts",
  "test/workflows/refusals.test.ts",
  "test/workflows/stateCells.test.ts"
]

describe("npm run new-service, in a copy of the repository", () => {
  it.scoped(
    "writes a service that is formatted, type-checks, and passes all that watches over services",
    () =>
      Effect.gen(function* () {
        const folder = yield* copy
        const printed = yield* run(folder, "dev/newService.ts", "DatabaseBackup")
        const touched = [...printed.matchAll(/^ {2}(\S+)$/gm)].map(([, path = ""]) => path)
        assert.lengthOf(touched, 6)
        const sources = touched.filter((path) => path.endsWith(".ts"))
        writeFileSync(
          join(folder, "tsconfig.service.json"),
          JSON.stringify({ extends: "./tsconfig.json", include: ["src", ...sources] })
        )
        yield* run(folder, "node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", ...sources)
        yield* run(folder, "node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.service.json")
        const tests = yield* run(folder, "node_modules/vitest/vitest.mjs", "run", "--project", "unit", ...watching)
        assert.include(tests, `Test Files  ${watching.length} passed`)
      }),
    15 * 60_000
  )
})
