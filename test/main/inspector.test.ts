import { spawn } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import manifest from "../../package.json" with { type: "json" }
import { fileOf } from "../docs/Markdown.ts"
import { workerProgram } from "../support/stack/workerProgram.ts"

/** A configuration that keeps a start busy for ten seconds: nothing listens on port 1 of this machine. */
const settings = { WORKER_DATABASE_PRIMARY: "mysql://root@127.0.0.1:1/unkey" }

/** What Node writes once SIGUSR1 has opened an inspector. */
const opened = "Debugger listening"

/** Starts the worker with these options of Node, sends it SIGUSR1 once it has begun, and collects its output until it ends or opens an inspector. */
const outputAfterSignal = (options: ReadonlyArray<string>): Effect.Effect<string> =>
  Effect.flatMap(workerProgram, ({ env, file }) =>
    Effect.async((resume) => {
      const worker = spawn(process.execPath, [...options, file], { env: { ...settings, ...env } })
      let output = ""
      worker.stdout.once("data", () => worker.kill("SIGUSR1"))
      worker.stdout.on("data", (chunk) => {
        output += chunk
      })
      worker.stderr.on("data", (chunk) => {
        output += chunk
        if (output.includes(opened)) worker.kill("SIGKILL")
      })
      worker.on("close", () => resume(Effect.succeed(output)))
      return Effect.sync(() => worker.kill("SIGKILL"))
    })
  )

const optionsIn = (command: ReadonlyArray<string>) => command.filter((word) => word.startsWith("--"))

const imageOptions = () => {
  const entryPoint = /^ENTRYPOINT (\[.*\])$/m.exec(fileOf("Dockerfile"))?.[1]
  return optionsIn(JSON.parse(entryPoint ?? "[]"))
}

// Each starts a process of its own, which waits more than it computes.
describe.concurrent("SIGUSR1", () => {
  it.effect("opens no inspector in a worker that is started as the image starts it", () =>
    Effect.gen(function* () {
      const output = yield* outputAfterSignal(imageOptions())
      assert.notInclude(output, opened)
      assert.include(output, "The worker cannot run", "it goes on with what it did")
    })
  )

  it.effect("opens one in a Node without other options", () =>
    Effect.map(outputAfterSignal(["--inspect-port=0"]), (output) => assert.include(output, opened))
  )

  it("is switched off in `npm run worker` as well", () =>
    assert.include(optionsIn(manifest.scripts.worker.split(" ")), "--disable-sigusr1"))
})
