import { randomBytes } from "node:crypto"
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { ClickhouseServer, canEnforce, clickhouseServer } from "../../../dev/stack/ClickhouseServer.ts"
import { ClickhouseUsersLive } from "../../../src/layers/clickhouse/ClickhouseUsersLive.ts"
import { ClickhouseUsers } from "../../../src/services/clickhouseUser/ClickhouseUsers.ts"
import { defaultLimits, planUser } from "../../../src/workflows/clickhouseUser/planUser.ts"
import { clickhouseClient, clickhouseOptions, insertRows } from "../../support/stack/Clickhouse.ts"
import { askings, otherSettings, raisedLimits } from "./raisedSettings.ts"

class Admin extends Context.Tag("test/clickhouse/Admin")<Admin, ClickHouseClient>() {}

const server = Layer.unwrapScoped(
  Effect.map(ClickhouseServer, ({ url }) =>
    Layer.merge(ClickhouseUsersLive(clickhouseOptions(url)), Layer.scoped(Admin, clickhouseClient(url)))
  )
).pipe(Layer.provideMerge(clickhouseServer({ mustEnforce: true })))

/** A unique workspace with a row of today, one older than any retention here, and another workspace's row. */
const newWorkspace = Effect.gen(function* () {
  const workspaceId = `ws_${randomBytes(6).toString("hex")}`
  const now = Date.now()
  const row = (workspace_id: string, key_id: string, time: number) => ({ workspace_id, key_id, time })
  yield* insertRows(yield* Admin, "key_verifications_raw_v2", [
    row(workspaceId, "own", now),
    row(workspaceId, "old", now - 40 * 86_400_000),
    row(`${workspaceId}_neighbour`, "foreign", now)
  ])
  return workspaceId
})

const provision = (workspaceId: string, password: string, limits: Partial<typeof defaultLimits> = {}) =>
  Effect.gen(function* () {
    const users = yield* ClickhouseUsers
    const wish = { workspaceId, user: workspaceId, limits: { ...defaultLimits, ...limits }, retentionDays: 30 }
    yield* Effect.forEach(planUser(wish), (operation) => users.apply(operation, Redacted.make(password)))
  })

const loginAs = (user: string, password: string) =>
  Effect.flatMap(ClickhouseServer, ({ url }) => {
    const address = new URL(url)
    address.username = user
    address.password = password
    return clickhouseClient(address.href)
  })

/** The rows of a query, or the server's error code. */
const ask = (client: ClickHouseClient, query: string) =>
  Effect.promise(async () => {
    try {
      return await (await client.query({ query, format: "JSONEachRow" })).json<Record<string, unknown>>()
    } catch (error) {
      return error instanceof ClickHouseError ? error.code : String(error)
    }
  })

const keys = "SELECT key_id FROM default.key_verifications_raw_v2 ORDER BY key_id"

// The development stack's engine checks such statements but enforces nothing: these tests need a server.
describe.skipIf(!(await Effect.runPromise(canEnforce)))("what a ClickHouse server enforces", () => {
  layer(server, { excludeTestServices: true, timeout: "5 minutes" })((it) => {
    it.scoped("a workspace sees its own rows of its retention, and neither its neighbour's nor older ones", () =>
      Effect.gen(function* () {
        const workspaceId = yield* newWorkspace
        yield* provision(workspaceId, "first")
        assert.deepStrictEqual(yield* ask(yield* loginAs(workspaceId, "first"), keys), [{ key_id: "own" }])
      })
    )

    it.scoped("it reads no other table, writes nothing and may not leave its limits", () =>
      Effect.gen(function* () {
        const workspaceId = yield* newWorkspace
        yield* provision(workspaceId, "first")
        const client = yield* loginAs(workspaceId, "first")
        const denied = yield* Effect.forEach(
          ["SELECT * FROM default.build_steps_v1", "SELECT * FROM system.users", "SELECT 1 SETTINGS readonly = 0"],
          (query) => ask(client, query)
        )
        for (const code of denied) assert.include(["497", "164"], code)
        const insert = yield* Effect.either(
          Effect.tryPromise(() =>
            client.insert({
              table: "default.key_verifications_raw_v2",
              values: [{ key_id: "x" }],
              format: "JSONEachRow"
            })
          )
        )
        assert.strictEqual(insert._tag, "Left")
      })
    )

    for (const [way, asking] of Object.entries(askings))
      it.scoped(`it raises none of its limits ${way}, and may ask for the time that Unkey's API asks for`, () =>
        Effect.gen(function* () {
          const workspaceId = yield* newWorkspace
          yield* provision(workspaceId, "first")
          const client = yield* loginAs(workspaceId, "first")
          for (const [setting, value] of [...raisedLimits, ...otherSettings])
            assert.include(["164", "452"], yield* asking(client, setting, value), `${setting} = ${value}`)
          assert.strictEqual(yield* asking(client, "max_execution_time", "64"), "accepted")
        })
      )

    it.scoped("it has the limits of a login that could raise them, once it is provisioned again", () =>
      Effect.gen(function* () {
        const workspaceId = yield* newWorkspace
        yield* provision(workspaceId, "first")
        const admin = yield* Admin
        const former = `CREATE SETTINGS PROFILE OR REPLACE workspace_${workspaceId}_profile SETTINGS max_result_rows = 10, readonly = 2 TO ${workspaceId}`
        yield* Effect.promise(() => admin.command({ query: former }))
        const raise = (client: ClickHouseClient) => ask(client, "SELECT 1 SETTINGS max_result_rows = 0")
        assert.isArray(yield* raise(yield* loginAs(workspaceId, "first")))
        yield* provision(workspaceId, "first")
        assert.strictEqual(yield* raise(yield* loginAs(workspaceId, "first")), "164")
      })
    )

    it.scoped("its results and its queries per window are limited", () =>
      Effect.gen(function* () {
        const workspaceId = yield* newWorkspace
        yield* provision(workspaceId, "first", { maxQueryResultRows: 5, maxQueriesPerWindow: 3 })
        const client = yield* loginAs(workspaceId, "first")
        assert.strictEqual(yield* ask(client, "SELECT number FROM numbers(100000)"), "396")
        const answers = yield* Effect.replicateEffect(ask(client, keys), 5)
        assert.include(answers, "201")
      })
    )

    it.scoped("[W36] a second time aligns the password and takes what is too much, and nothing else", () =>
      Effect.gen(function* () {
        const workspaceId = yield* newWorkspace
        yield* provision(workspaceId, "first")
        const admin = yield* Admin
        yield* Effect.promise(() =>
          admin.command({ query: `GRANT SELECT ON default.build_steps_v1 TO \`${workspaceId}\`` })
        )
        yield* provision(workspaceId, "second")
        const client = yield* loginAs(workspaceId, "second")
        assert.deepStrictEqual(yield* ask(client, keys), [{ key_id: "own" }])
        assert.strictEqual(yield* ask(client, "SELECT * FROM default.build_steps_v1"), "497")
        assert.strictEqual(yield* ask(yield* loginAs(workspaceId, "first"), keys), "516")
      })
    )
  })
})
