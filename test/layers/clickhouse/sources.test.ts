import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { ClickhouseClientLive } from "../../../src/layers/clickhouse/ClickhouseClient.ts"
import { TrafficSourceLive } from "../../../src/layers/clickhouse/TrafficSourceLive.ts"
import { UsageSourceLive } from "../../../src/layers/clickhouse/UsageSourceLive.ts"
import { TrafficSource, UsageSource } from "../../../src/services/clickhouse/Usage.ts"
import { clickhouseClient, clickhouseOptions, insertRows, sharedClickhouse } from "../../support/stack/Clickhouse.ts"

class Client extends Context.Tag("test/clickhouse/Client")<
  Client,
  Effect.Effect.Success<ReturnType<typeof clickhouseClient>>
>() {}

const sources = Layer.unwrapScoped(
  Effect.map(sharedClickhouse, ({ url }) =>
    Layer.mergeAll(TrafficSourceLive, UsageSourceLive).pipe(
      Layer.provide(ClickhouseClientLive(Option.some(clickhouseOptions(url)))),
      Layer.merge(Layer.scoped(Client, clickhouseClient(url)))
    )
  )
)

const since = 1_700_000_000_000
const deployment = (name: string) => ({
  workspaceId: "ws_traffic",
  projectId: "proj_traffic",
  environmentId: "env_traffic",
  deploymentId: name
})
const requestTo = (deploymentId: string, time: number, environmentId = "env_traffic") => ({
  workspace_id: "ws_traffic",
  project_id: "proj_traffic",
  environment_id: environmentId,
  deployment_id: deploymentId,
  time
})
const insert = (table: string, rows: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
  Effect.flatMap(Client, (client) => insertRows(client, table, rows))

layer(sources, { excludeTestServices: true, timeout: "1 minute" })("the sources of ClickHouse", (it) => {
  it.effect("a deployment has traffic from its first request in the window on, to the millisecond", () =>
    Effect.gen(function* () {
      const now = Date.now()
      yield* insert("sentinel_requests_raw_v1", [
        requestTo("d_at", now - 1000),
        requestTo("d_at", now - 1000),
        requestTo("d_before", now - 1001),
        requestTo("d_elsewhere", now, "env_other"),
        requestTo("d_unasked", now)
      ])
      const source = yield* TrafficSource
      const deployments = ["d_at", "d_before", "d_elsewhere", "d_silent"].map(deployment)
      assert.deepStrictEqual([...(yield* source.withTraffic({ deployments, since: now - 1000 }))], ["d_at"])
    })
  )

  it.effect("a full page of a thousand deployments is one question, whatever their names hold", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 1000 }, (_, nth) => `d_'\\"\n${nth}`)
      const now = Date.now()
      yield* insert(
        "sentinel_requests_raw_v1",
        names.filter((_, nth) => nth % 100 === 0).map((name) => requestTo(name, now))
      )
      const source = yield* TrafficSource
      const busy = yield* source.withTraffic({ deployments: names.map(deployment), since: now - 1000 })
      assert.strictEqual(busy.size, 10)
    })
  )

  it.effect("usage is the sum of both tables and of all their rows, in pages ordered by workspace", () =>
    Effect.gen(function* () {
      const month = { year: 1999, month: 12 }
      yield* insert("billable_verifications_per_month_v2", [
        { ...month, workspace_id: "ws_a", count: 70 },
        { ...month, workspace_id: "ws_b", count: 10 },
        { year: 1999, month: 11, workspace_id: "ws_b", count: 1000 }
      ])
      // A second part with the same key, summed only by a merge.
      yield* insert("billable_verifications_per_month_v2", [{ ...month, workspace_id: "ws_a", count: 30 }])
      yield* insert("billable_ratelimits_per_month_v2", [
        { ...month, workspace_id: "ws_a", count: 1 },
        { ...month, workspace_id: "ws_c", count: "5000000000" }
      ])
      const source = yield* UsageSource
      const page = (minimum: number, after: string, limit: number) =>
        Effect.map(source.page({ ...month, minimum, after, limit }), (rows) =>
          rows.map(({ used, workspaceId }) => [workspaceId, used])
        )
      assert.deepStrictEqual(yield* page(1, "", 2), [
        ["ws_a", 101],
        ["ws_b", 10]
      ])
      assert.deepStrictEqual(yield* page(1, "ws_b", 2), [["ws_c", 5_000_000_000]])
      assert.deepStrictEqual(yield* page(11, "", 10), [
        ["ws_a", 101],
        ["ws_c", 5_000_000_000]
      ])
    })
  )
})

layer(Layer.mergeAll(TrafficSourceLive, UsageSourceLive).pipe(Layer.provide(ClickhouseClientLive(Option.none()))))(
  "sources without a server",
  (it) => {
    it.effect("[W32] there is no answer, and least of all that nothing was used", () =>
      Effect.gen(function* () {
        const traffic = yield* TrafficSource
        const usage = yield* UsageSource
        const failures = yield* Effect.all([
          Effect.flip(traffic.withTraffic({ deployments: [deployment("d_1")], since })),
          Effect.flip(usage.page({ year: 2026, month: 1, minimum: 0, after: "", limit: 10 }))
        ])
        assert.deepStrictEqual(
          failures.map((failure) => failure.reason),
          ["not-configured", "not-configured"]
        )
      })
    )
  }
)
