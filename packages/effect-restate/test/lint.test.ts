import { cp, mkdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { run, temporaryFolder, tool } from "./release/packed.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const rules = "packages/effect-restate/lint"

const Report = Schema.parseJson(
  Schema.Struct({
    diagnostics: Schema.Array(
      Schema.Struct({
        message: Schema.String,
        category: Schema.String,
        location: Schema.Struct({ path: Schema.String })
      })
    )
  })
)

/** What the repository's linter says of these sources by the mistakes of workflows, as if each were this file of the repository. */
const complaintsAbout = (sources: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    yield* Effect.promise(async () => {
      const { vcs: _, ...configuration } = JSON.parse(await readFile(join(root, "biome.json"), "utf8"))
      await writeFile(join(folder, "biome.json"), JSON.stringify(configuration))
      await cp(join(root, rules), join(folder, rules), { recursive: true })
      for (const [file, source] of Object.entries(sources)) {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), source)
      }
    })
    const printed = yield* run(tool("biome"), ["lint", "--reporter=json", "--max-diagnostics=none"], folder).pipe(
      Effect.catchTag("ProgramFailed", ({ output }) => Effect.succeed(output))
    )
    const { diagnostics } = yield* Schema.decode(Report)(
      printed.slice(printed.indexOf("{"), printed.lastIndexOf("}") + 1)
    )
    return diagnostics.filter(({ category }) => category === "plugin")
  })

const clock = "The clock of the process differs on each attempt"
const random = "This differs on each attempt"
const timer = "A timer of the process ends with it"
const printed = "This is printed on each attempt"
const environment = "The environment may be another one on the next attempt"
const wait = "What this waits for is not in the journal"
const promise = "A promise is not in the journal"
const caught = "This catches no failure of an effect"
const module = "A workflow has the clock, timers, console and environment of its journal"

const mistakes: ReadonlyArray<readonly [source: string, said: string]> = [
  ["export const at = () => Date.now()", clock],
  ["export const now = Date.now", clock],
  ["export const at = () => new Date()", clock],
  ["export const at = () => performance.now()", clock],
  ["export const dice = () => Math.random()", random],
  ["export const dice = Math.random", random],
  ["export const id = () => crypto.randomUUID()", random],
  ["export const id = () => crypto.getRandomValues(new Uint8Array(8))", random],
  ["export const later = (f: () => void) => setTimeout(f, 10)", timer],
  ["export const again = (f: () => void) => setInterval(f, 10)", timer],
  ["export const soon = [setImmediate, queueMicrotask]", timer],
  ["export const say = () => console.log('x')", printed],
  ["export const env = process.env.HOME", environment],
  ["export const hidden = globalThis.Date.now()", environment],
  ["export const answer = async () => 1", promise],
  ["export async function answer() {}", promise],
  ["export const api = { async answer() {} }", promise],
  ["export class Api { static async answer() {} }", promise],
  ["export const answer = async (it: Promise<number>) => await it", wait],
  ["export const all = async (them: AsyncIterable<number>) => { for await (const _ of them) all(them) }", wait],
  ["export const read = (f: () => void) => { try { f() } catch { f() } }", caught],
  ["export const read = (f: () => void) => { try { f() } finally { f() } }", caught],
  ["import { randomUUID } from 'node:crypto'\nexport const id = randomUUID", random],
  ["import { randomBytes as bytes } from 'node:crypto'\nexport const id = bytes(8)", random],
  ["import { setTimeout as wait } from 'node:timers/promises'\nexport const later = wait", module],
  ["import { env } from 'process'\nexport const home = env.HOME", module]
]

const fine = `
import { Clock, Effect, Random } from "effect"
import { step, uuid } from "effect-restate"
import { createHash } from "node:crypto"
import { join } from "node:path"

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex")
export const dateOf = (millis: number): string => new Date(millis).toISOString()
export const options = { console: 1, process: 2, setTimeout: 3 }
export const path = join("a", String(options.process))
export const asynchronous = (async_: number): number => async_
export const body = Effect.gen(function* () {
  for (const name of ["a", "b"]) yield* Effect.log(name)
  yield* Effect.sleep("1 second")
  yield* step("fetch", Effect.orDie(Effect.tryPromise(() => Promise.resolve())))
  return [yield* Clock.currentTimeMillis, yield* Random.nextInt, yield* uuid]
})
`

describe("the linter, on the code of a workflow,", () => {
  it.scoped("refuses the clock, timers, randomness, console and environment of the process, promises and try", () =>
    Effect.gen(function* () {
      const fileOf = (at: number) => `src/workflows/Mistake${at}.ts`
      const found = yield* complaintsAbout(Object.fromEntries(mistakes.map(([source], at) => [fileOf(at), source])))
      for (const [at, [source, said]] of mistakes.entries()) {
        const messages = found.filter(({ location }) => location.path === fileOf(at)).map(({ message }) => message)
        assert.isTrue(
          messages.some((message) => message.startsWith(said)),
          `${source}: ${messages.join("; ")}`
        )
      }
    })
  )

  it.scoped("has nothing to say of what the journal knows, of dates that are given, and of names that look alike", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* complaintsAbout({ "src/workflows/Fine.ts": fine }), [])
    })
  )

  it.scoped("looks at workflows, contracts and services, at examples, and at nothing else", () =>
    Effect.gen(function* () {
      const folders = ["examples/a", "packages/a/examples", "src/contract", "src/services", "src/workflows/deploy"]
      const others = ["src/layers/a.ts", "src/main.ts", "examples/a/a.test.ts", "test/workflows/a.ts"]
      const mistake = "export const at = () => Date.now()"
      const files = [...folders.map((folder) => `${folder}/a.ts`), ...others]
      const found = yield* complaintsAbout(Object.fromEntries(files.map((file) => [file, mistake])))
      assert.sameMembers(
        found.map(({ location }) => dirname(location.path)),
        folders
      )
    })
  )
})
