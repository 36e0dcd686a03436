import { createRequire } from "node:module"
import type { ClickHouseClient } from "@clickhouse/client"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import * as fc from "fast-check"
import { startClickhouseEngine } from "../../../dev/stack/ClickhouseEngine.ts"
import { RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { constrained, queryLimits } from "../../../src/layers/clickhouse/queryLimits.ts"
import { defaultLimits } from "../../../src/workflows/clickhouseUser/planUser.ts"
import { clickhouseClient } from "../../support/stack/Clickhouse.ts"
import { askings, otherSettings, raisedLimits } from "./raisedSettings.ts"

const limitsOf = (executionSeconds: number) =>
  queryLimits({
    _tag: "LimitQueries",
    name: "profile",
    user: "ws_shop",
    executionSeconds,
    memoryBytes: defaultLimits.maxQueryMemoryBytes,
    resultRows: defaultLimits.maxQueryResultRows
  })
const limits = limitsOf(defaultLimits.maxQueryExecutionTime)

/** The execution time that Unkey's API requests with each query: the rest of its request's 60 s, plus clickhouse-go's 5 s. */
const askedByApi = "64"

describe("the limits of a login's queries", () => {
  it("are all constrained, and none but the time has a range", () => {
    for (const limit of limits)
      if (limit.setting !== "max_execution_time") assert.match(constrained(limit), / READONLY$/)
    assert.strictEqual(limits.map(constrained)[0], "max_execution_time = 30 MIN 1 MAX 65 CHANGEABLE_IN_READONLY")
    assert.deepInclude(limits, { setting: "readonly", value: "1" })
  })

  it("always allow the time that Unkey's API asks for, and never more than that or the workspace's own", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (seconds) => {
        const range = limitsOf(seconds)[0]?.range ?? assert.fail()
        assert.isAtLeast(Number(range.most), Number(askedByApi))
        assert.strictEqual(Number(range.most), Math.max(seconds, 65))
        assert.strictEqual(range.least, "1")
      })
    ))
})

class Constrained extends Context.Tag("test/clickhouse/Constrained")<Constrained, ClickHouseClient>() {}

/** The engine stores no users, so its own user has the limits; `readonly` is set later by SET. */
const engine = Layer.scoped(
  Constrained,
  startClickhouseEngine(
    [],
    limits
      .filter(({ setting }) => setting !== "readonly")
      .map((limit) => ({ ...limit, value: limit.value.replaceAll("'", "") }))
  ).pipe(Effect.flatMap(({ url }) => clickhouseClient(url)))
).pipe(Layer.provide(RunDirectoryLive))

const hasEngine = Option.isSome(Option.liftThrowable(() => createRequire(import.meta.url).resolve("chdb"))())

// One session for all statements, in this order. `readonly` must not be constrained here: it is what the last part sets.
describe.skipIf(!hasEngine)("ClickHouse's engine under these limits", () => {
  layer(engine, { excludeTestServices: true, timeout: "2 minutes" })((it) => {
    for (const [way, asking] of Object.entries(askings)) {
      it.effect(`takes the time that Unkey's API asks for, ${way}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(yield* asking(yield* Constrained, "max_execution_time", askedByApi), "accepted")
        })
      )
      for (const [setting, value] of raisedLimits.filter(([name]) => name !== "readonly"))
        it.effect(`refuses ${setting} = ${value} ${way}`, () =>
          Effect.gen(function* () {
            assert.strictEqual(yield* asking(yield* Constrained, setting, value), "452")
          })
        )
    }

    it.effect("refuses every change once it is read-only, also of what is no limit, and of that itself", () =>
      Effect.gen(function* () {
        const client = yield* Constrained
        yield* Effect.promise(() => client.command({ query: "SET readonly = 1" }))
        for (const asking of [askings["in the query"], askings["by SET"]])
          for (const [setting, value] of [...raisedLimits, ...otherSettings])
            assert.strictEqual(yield* (asking ?? assert.fail())(client, setting, value), "164", setting)
      })
    )

    it.effect("is passed by DEFAULT: this engine is older than ClickHouse's correction", () =>
      Effect.gen(function* () {
        const client = yield* Constrained
        const query = "SELECT getSetting('max_result_rows') AS rows SETTINGS max_result_rows = DEFAULT"
        const result = yield* Effect.promise(() => client.query({ query, format: "JSONEachRow" }))
        assert.deepStrictEqual(yield* Effect.promise(() => result.json()), [{ rows: 0 }])
      })
    )
  })
})
