import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { BuildLogPagesLive } from "../../../src/layers/clickhouse/BuildLogPagesLive.ts"
import { ClickhouseClientLive } from "../../../src/layers/clickhouse/ClickhouseClient.ts"
import { BuildLogPages, type BuildOutput } from "../../../src/operations/lists/BuildLogPages.ts"
import { clickhouseClient, clickhouseOptions, insertRows, sharedClickhouse } from "../../support/stack/Clickhouse.ts"

class Client extends Context.Tag("test/clickhouse/LogPagesClient")<
  Client,
  Effect.Effect.Success<ReturnType<typeof clickhouseClient>>
>() {}

const log = Layer.unwrapScoped(
  Effect.map(sharedClickhouse, ({ url }) =>
    BuildLogPagesLive.pipe(
      Layer.provide(ClickhouseClientLive(Option.some(clickhouseOptions(url)))),
      Layer.merge(Layer.scoped(Client, clickhouseClient(url)))
    )
  )
)

const owner = (deploymentId: string) => ({ workspaceId: "ws_pages", projectId: "proj_pages", deploymentId })
const ids = (deploymentId: string) => ({
  workspace_id: "ws_pages",
  project_id: "proj_pages",
  deployment_id: deploymentId
})

const insertOutput = (deploymentId: string, rows: ReadonlyArray<readonly [time: number, message: string]>) =>
  Effect.flatMap(Client, (client) =>
    insertRows(
      client,
      "build_step_logs_v1",
      rows.map(([time, message]) => ({ ...ids(deploymentId), time, message, step_id: "sha256:1" }))
    )
  )

/** The whole output, page by page. */
const readAll = (deploymentId: string, limit: number) =>
  Effect.gen(function* () {
    const pages = yield* BuildLogPages
    const items: Array<BuildOutput> = []
    let after: string | undefined
    do {
      const page: Effect.Effect.Success<ReturnType<typeof pages.output>> = yield* pages.output(owner(deploymentId), {
        after,
        limit
      })
      items.push(...page.items)
      after = page.next ?? undefined
    } while (after !== undefined)
    return items
  })

layer(log, { excludeTestServices: true, timeout: "1 minute" })("the pages of a build log", (it) => {
  it.effect("have each output once, also those of one millisecond that are equal", () =>
    Effect.gen(function* () {
      const now = Date.now()
      const rows = Array.from({ length: 23 }, (_, index) => [now + Math.floor(index / 9), `line ${index % 4}`] as const)
      yield* insertOutput("d_pages", rows)
      yield* insertOutput("d_others", [[now, "not mine"]])
      const expected = rows.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : x > y ? 1 : 0))
      for (const limit of [1, 4, 9, 22, 23, 100])
        assert.deepStrictEqual(
          (yield* readAll("d_pages", limit)).map(({ at, text }) => [at, text]),
          expected.map(([at, text]) => [at, text]),
          String(limit)
        )
      assert.deepStrictEqual(yield* readAll("d_' OR 1=1 --", 10), [])
    })
  )

  it.effect("cut an output that is too long, between characters", () =>
    Effect.gen(function* () {
      yield* insertOutput("d_long", [[Date.now(), "\u{1F600}".repeat(5000)]])
      const [only] = yield* readAll("d_long", 10)
      assert.strictEqual(only?.text, `${"\u{1F600}".repeat(1999)}…`)
    })
  )

  it.effect("come with the steps of the build in the order of their start", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const now = Date.now()
      const step = (id: string, started: number, error: string, cached: boolean) => ({
        ...ids("d_steps"),
        step_id: id,
        started_at: started,
        completed_at: started + 5,
        name: `step ${id}`,
        cached,
        error,
        has_logs: false
      })
      yield* insertRows(client, "build_steps_v1", [step("b", now + 10, "failed", false), step("a", now, "", true)])
      const pages = yield* BuildLogPages
      assert.deepStrictEqual(yield* pages.steps(owner("d_steps")), [
        { id: "a", name: "step a", startedAt: now, completedAt: now + 5, isCached: true, error: "" },
        { id: "b", name: "step b", startedAt: now + 10, completedAt: now + 15, isCached: false, error: "failed" }
      ])
    })
  )
})
