import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Console, Effect } from "effect"
import type { Mutation } from "./Mutation.ts"
import { mutations, testsOf } from "./mutations.ts"

// Breaks a copy of the bridge in each way of mutations.ts and says whether the tests notice. Takes some minutes;
// arguments select mutations by a part of their names: node packages/effect-restate/test/mutations/run.ts [text ...]

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const copied = ["packages", "src", "test", "dev", "package.json", "tsconfig.json", "vitest.config.ts"]
/** A broken bridge may spin for ever; the slowest whole run takes a third of this. */
const bound = 180_000

const copyOfProject = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "mutation-"))
    for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true })
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const apply = (folder: string, mutation: Mutation, mode: "write" | "try only") =>
  Effect.sync(() => {
    for (const { file, find, replace } of mutation.edits) {
      const path = join(folder, "packages/effect-restate/src", file)
      const [before, after, ...more] = readFileSync(path, "utf8").split(find)
      if (before === undefined || after === undefined || more.length > 0)
        throw new Error(`${mutation.name}: ${file} does not hold this text exactly once: ${find}`)
      if (mode === "write") writeFileSync(path, before + replace + after)
    }
  })

/** True when the tests pass. A run that takes too long has noticed something too. */
const testsPass = (folder: string, tests: ReadonlyArray<string>) =>
  Effect.async<boolean>((resume) => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs")
    const args = [vitest, "run", ...tests, "--bail=1", "--testTimeout=20000", "--root", folder]
    const child = spawn(process.execPath, args, { cwd: folder, detached: true, stdio: "ignore" })
    const end = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, "SIGKILL")
    }
    const timer = setTimeout(end, bound)
    child.once("exit", (code) => {
      clearTimeout(timer)
      resume(Effect.succeed(code === 0))
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      end()
    })
  })

const verdict = (mutation: Mutation) =>
  Effect.gen(function* () {
    const folder = yield* copyOfProject
    yield* apply(folder, mutation, "write")
    const [took, survived] = yield* Effect.timed(testsPass(folder, testsOf(mutation)))
    yield* Console.log(`${survived ? "SURVIVED" : "killed  "}  ${mutation.name} (${took.toString()})`)
    return survived
  }).pipe(Effect.scoped)

const wanted = process.argv.slice(2)
const chosen = mutations.filter(({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)))

/** Tests that fail on the bridge as it is would kill every mutation. */
const control: Mutation = { name: "nothing is broken", edits: [], tests: [...new Set(chosen.flatMap(testsOf))] }

/** A text that has changed must not be found out after minutes. */
const everyEditApplies = Effect.flatMap(copyOfProject, (folder) =>
  Effect.forEach(mutations, (mutation) => apply(folder, mutation, "try only"))
).pipe(Effect.scoped)

const survivors = Effect.gen(function* () {
  yield* everyEditApplies
  if (!(yield* verdict(control))) return yield* Effect.dieMessage("the tests fail on the unbroken bridge")
  return (yield* Effect.forEach(chosen, verdict)).filter((survived) => survived).length
})

process.exitCode = (await Effect.runPromise(survivors)) === 0 ? 0 : 1
