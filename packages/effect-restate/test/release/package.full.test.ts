import { readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import { freePort } from "../../../../dev/stack/Port.ts"
import { startProcess } from "../../../../dev/stack/Process.ts"
import { RestateClient, testRestate } from "../../../../test/support/stack/Restate.ts"
import { complaintsIn, pack, projectWith, run, tool } from "./packed.ts"

class Tarball extends Context.Tag("effect-restate/test/Tarball")<Tarball, string>() {}

const greeter = fileURLToPath(new URL("consumer/greeter.ts", import.meta.url))
const examples = fileURLToPath(new URL("../../examples/", import.meta.url))
const sources = readdirSync(examples)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => join(examples, name))

layer(Layer.scoped(Tarball, pack), { excludeTestServices: true, timeout: "2 minutes" })("the packed package", (it) => {
  it.effect("has a manifest and files that publint finds nothing wrong with", () =>
    Effect.gen(function* () {
      yield* run(tool("publint"), ["run", yield* Tarball, "--strict"], ".")
    })
  )

  it.effect("has types that resolve wherever its modules do", () =>
    Effect.gen(function* () {
      yield* run(tool("attw"), [yield* Tarball, "--profile", "esm-only", "--no-definitely-typed"], ".")
    })
  )

  it.layer(testRestate(), { timeout: "1 minute" })("in a stranger's project", (it) => {
    it.scoped("type-checks with every example, and serves a real Restate", () =>
      Effect.gen(function* () {
        const folder = yield* projectWith(
          yield* Tarball,
          [greeter, ...sources],
          ["@effect/platform-node", "@types/node"]
        )
        assert.deepStrictEqual(yield* complaintsIn(folder), [])
        const port = yield* freePort
        const worker = yield* startProcess({
          component: "stranger",
          command: process.execPath,
          args: [join(folder, "greeter.ts")],
          env: { ...process.env, PORT: String(port) },
          logFile: join(folder, "worker.log")
        })
        const restate = yield* RestateClient
        yield* restate
          .register(`http://127.0.0.1:${port}`)
          .pipe(
            Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 100 }),
            Effect.raceFirst(worker.unexpectedEnd)
          )
        const { body, status } = yield* restate.call("Greeter/a/Greet", "Ada")
        assert.deepStrictEqual({ body, status }, { body: "Hello Ada", status: 200 })
        assert.strictEqual((yield* worker.kill("SIGTERM")).code, 0)
      })
    )
  })
})
