import { existsSync } from "node:fs"
import { ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { startClickhouseEngine } from "../../dev/stack/ClickhouseEngine.ts"
import { clickhouseTables } from "../../dev/stack/clickhouseTables.ts"
import { RunDirectory, RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"

const isAlive = (pid: number) => Option.isSome(Option.liftThrowable(() => process.kill(pid, 0))())

const codeOf = (url: string, query: string) =>
  Effect.promise(async () => {
    const client = createClient({ url, log: { level: ClickHouseLogLevel.OFF } })
    const outcome = await client.command({ query }).then(
      () => "accepted",
      (error: unknown) => (error instanceof ClickHouseError ? error.code : String(error))
    )
    await client.close()
    return outcome
  })

describe("the ClickHouse engine of the stack", () => {
  it.live("answers, checks what is said about users, takes every table, and is gone with its scope", () =>
    Effect.gen(function* () {
      const { folder, pid } = yield* Effect.scoped(
        Effect.gen(function* () {
          const run = Context.get(yield* Layer.build(RunDirectoryLive), RunDirectory)
          const { process: engine, url } = yield* Effect.provideService(
            startClickhouseEngine(["ws_known"]),
            RunDirectory,
            run
          )
          const outcomes = yield* Effect.forEach(
            [
              ...clickhouseTables,
              // Safe to repeat.
              ...clickhouseTables,
              "CREATE USER IF NOT EXISTS ws_new IDENTIFIED WITH sha256_password BY 'x'",
              "GRANT SELECT ON default.build_steps_v1 TO ws_known WITH REPLACE OPTION"
            ],
            (statement) => codeOf(url, statement)
          )
          assert.deepStrictEqual(
            outcomes.filter((outcome) => outcome !== "accepted"),
            []
          )
          const refused = yield* Effect.forEach(
            [
              "GRANT SELECT ON default.x TO ws_unknown",
              "GRANT EVERYTHING ON default.x TO ws_known",
              "CREATE SETTINGS PROFILE p SETTINGS no_such_setting = 1",
              "SELECT * FROM default.no_such_table"
            ],
            (statement) => codeOf(url, statement)
          )
          assert.deepStrictEqual(refused, ["511", "62", "115", "60"])
          return { pid: engine.pid, folder: run.path }
        })
      )
      assert.isFalse(isAlive(pid))
      assert.isFalse(existsSync(folder))
    })
  )
})
