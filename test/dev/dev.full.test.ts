import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"

const fileOf = (name: string) => fileURLToPath(new URL(`../../dev/${name}`, import.meta.url))

/** Without settings for this run of tests, which would replace those of the stack. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WORKER_")))

/** `npm run dev` with these options. */
const devCommand = (...options: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [fileOf("dev.ts"), ...options], {
        env: environment,
        stdio: ["ignore", "pipe", "pipe"]
      })
      let output = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)))
      const shows = (pattern: RegExp) =>
        Effect.sync(() => pattern.exec(output)).pipe(
          Effect.filterOrFail((found) => found !== null),
          Effect.retry(Schedule.spaced("50 millis")),
          Effect.timeout("90 seconds"),
          Effect.mapError(() => new Error(`no ${pattern} in:\n${output}`)),
          Effect.orDie
        )
      const exitCode = Effect.async<number | null>((resume) => {
        if (child.exitCode !== null) resume(Effect.succeed(child.exitCode))
        child.once("close", (code) => resume(Effect.succeed(code)))
      })
      return { child, shows, exitCode, output: () => output }
    }),
    ({ child, exitCode }) => {
      child.kill("SIGTERM")
      return exitCode
    }
  )

const pidOf = (pattern: string) =>
  Number(spawnSync("pgrep", ["-f", pattern], { encoding: "utf8" }).stdout.split("\n")[0])

describe("npm run dev", () => {
  it.scoped("seeds, prints a request that deploys, and ends with 1 and the log's name when the database dies", () =>
    Effect.gen(function* () {
      const dev = yield* devCommand("--seed", "--krane")
      const [, console = ""] = yield* dev.shows(/In the browser:\n.* console +(http:\S+)/)
      const [, token = ""] = yield* dev.shows(/Log in to the console with: (\S+)/)
      const headers = { authorization: `Bearer ${token}` }
      const about = yield* Effect.promise(() => fetch(`${console}/api/about`, { headers }))
      const page = yield* Effect.promise(() => fetch(`${console}/deployments`).then((response) => response.text()))
      assert.deepStrictEqual([about.status, page.includes("/main.js")], [200, true])

      const [, curl = ""] = yield* dev.shows(/^.* s {2,}(curl .*)$/m)
      const [, database = ""] = yield* dev.shows(/database +(mysql:\S+)/)
      const deployed = spawnSync("sh", ["-c", curl], { encoding: "utf8" })
      assert.strictEqual(deployed.stdout, "{}", deployed.stderr)
      yield* dev.shows(/worker │ .* info {2}A deployment is ready /)
      const rows = yield* queryServer(database, "SELECT status FROM deployments WHERE status = 'ready'")
      assert.lengthOf(rows, 1)

      const [, deployment = ""] = yield* dev.shows(/npm run worker -- deploy (d_\w+)/)
      for (const command of [["status"], ["deploy", deployment]]) {
        const asked = spawnSync(process.execPath, [fileOf("worker.ts"), ...command], {
          env: environment,
          encoding: "utf8"
        })
        assert.strictEqual(asked.status, 0, asked.stderr)
        if (command.includes(deployment)) assert.include(asked.stdout, `${deployment}  acme/shop production`)
      }

      process.kill(pidOf(`mariadbd.*--port=${new URL(database).port}`), "SIGKILL")
      assert.strictEqual(yield* dev.exitCode, 1)
      assert.match(dev.output(), /MariaDB: ended \(SIGKILL\); the end of mariadb-\w+\/server\.log:/)
      const [, kept = ""] = yield* dev.shows(/The logs of this run are in (\S+)/)
      const [, log = ""] = yield* dev.shows(/the end of (\S+):/)
      assert.isTrue(existsSync(`${kept}/${log}`))
    }).pipe(inRealTime)
  )

  it.scoped("ends with 1 when the worker dies, and with --watch it goes on until a signal, which is exit code 0", () =>
    Effect.gen(function* () {
      const [plain, watching] = yield* Effect.all([devCommand(), devCommand("--watch")], { concurrency: 2 })
      yield* Effect.forEach([plain, watching], (dev) => dev.shows(/Everything is up/))
      for (const dev of [plain, watching]) {
        const [, port = ""] = yield* dev.shows(/ worker +http:\/\/127\.0\.0\.1:(\d+)/)
        const listener = spawnSync("sh", ["-c", `ss -Hltnp 'sport = :${port}' | grep -o 'pid=[0-9]*'`], {
          encoding: "utf8"
        })
        process.kill(Number(listener.stdout.replace("pid=", "")), "SIGKILL")
      }
      assert.strictEqual(yield* plain.exitCode, 1)
      assert.match(plain.output(), /Worker: ended \(SIGKILL\)/)
      yield* watching.shows(/Worker: ended \(SIGKILL\)[\s\S]*The next change of a source starts it again\./)
      watching.child.kill("SIGTERM")
      assert.strictEqual(yield* watching.exitCode, 0)
    }).pipe(inRealTime)
  )
})
