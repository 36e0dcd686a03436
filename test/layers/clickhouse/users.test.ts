import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { ClickhouseUsersLive } from "../../../src/layers/clickhouse/ClickhouseUsersLive.ts"
import { rowCondition, statementOf } from "../../../src/layers/clickhouse/userStatements.ts"
import { ClickhouseUsers, type UserOperation } from "../../../src/services/clickhouseUser/ClickhouseUsers.ts"
import { defaultLimits, planUser } from "../../../src/workflows/clickhouseUser/planUser.ts"
import { clickhouseClient, clickhouseOptions, insertRows, sharedClickhouse } from "../../support/stack/Clickhouse.ts"

/** Quotes, backslashes and line ends, which could end a string literal. */
const password = Redacted.make("p'\\\"\n`ß{x:String}-_.~")
const plan = planUser({ workspaceId: "ws_shop", user: "ws_shop", limits: defaultLimits, retentionDays: 30 })
const filters = plan.flatMap((operation) => (operation._tag === "FilterRows" ? [operation] : []))

const admin = Layer.unwrapEffect(Effect.map(sharedClickhouse, ({ url }) => ClickhouseUsersLive(clickhouseOptions(url))))

describe("the statement of an operation", () => {
  const operation = (tag: UserOperation["_tag"]) => {
    const found = plan.find(({ _tag }) => _tag === tag)
    return found === undefined ? "" : statementOf(found)
  }
  const statements: ReadonlyArray<readonly [UserOperation["_tag"], string]> = [
    ["CreateUser", "CREATE USER IF NOT EXISTS `ws_shop` IDENTIFIED WITH sha256_password BY {password:String}"],
    ["SetPassword", "ALTER USER `ws_shop` IDENTIFIED WITH sha256_password BY {password:String}"],
    [
      "FilterRows",
      "CREATE ROW POLICY OR REPLACE `workspace_ws_shop_rls` ON `default`.`key_verifications_raw_v2` AS PERMISSIVE FOR SELECT USING workspace_id = 'ws_shop' AND time >= toUnixTimestamp(toStartOfDay(now() - toIntervalDay(30))) * 1000 TO `ws_shop`"
    ],
    [
      "LimitUse",
      "CREATE QUOTA OR REPLACE `workspace_ws_shop_quota` FOR INTERVAL 3600 SECOND MAX queries = 1000, execution_time = 1800 TO `ws_shop`"
    ],
    [
      "LimitQueries",
      "CREATE SETTINGS PROFILE OR REPLACE `workspace_ws_shop_profile` SETTINGS max_execution_time = 30 MIN 1 MAX 65 CHANGEABLE_IN_READONLY, max_memory_usage = 1000000000 READONLY, max_result_rows = 10000000 READONLY, max_result_bytes = 268435456 READONLY, result_overflow_mode = 'throw' READONLY, max_ast_depth = 100 READONLY, max_ast_elements = 2000 READONLY, readonly = 1 READONLY TO `ws_shop`"
    ]
  ]
  for (const [tag, expected] of statements) it(tag, () => assert.strictEqual(operation(tag), expected))

  it("ReplaceGrants names every table once and replaces what was granted before", () => {
    const statement = operation("ReplaceGrants")
    assert.match(
      statement,
      /^GRANT SELECT ON `default`\.`key_verifications_raw_v2`, .* TO `ws_shop` WITH REPLACE OPTION$/
    )
    assert.lengthOf(statement.match(/SELECT ON/g) ?? [], 9)
  })

  it("holds no password, and refuses names that could be more than names", () => {
    for (const each of plan) assert.notInclude(statementOf(each), Redacted.value(password))
    assert.throws(() => statementOf({ _tag: "CreateUser", user: "x` IDENTIFIED BY ''" }), RangeError)
    assert.throws(() => rowCondition({ ...(filters[0] ?? assert.fail()), workspaceId: "x' OR '1'='1" }), RangeError)
  })
})

layer(admin, { excludeTestServices: true, timeout: "1 minute" })("the users of ClickHouse", (it) => {
  for (const operation of plan)
    it.effect(`${statementOf(operation).slice(0, 110)} is what the engine's analyser accepts`, () =>
      Effect.flatMap(ClickhouseUsers, (users) => users.apply(operation, password))
    )

  it.effect("a server that answers and accepts us passes the check", () =>
    Effect.flatMap(ClickhouseUsers, (users) => users.check)
  )

  it.effect(
    "rights for a user that does not exist are refused with the server's number, and nothing else is told",
    () =>
      Effect.gen(function* () {
        const { isServer } = yield* sharedClickhouse
        const users = yield* ClickhouseUsers
        const unknown = "ws_never_created"
        const failures = yield* Effect.all([
          Effect.flip(users.apply({ _tag: "SetPassword", user: unknown }, password)),
          Effect.flip(users.apply({ _tag: "ReplaceGrants", user: unknown, tables: ["build_steps_v1"] }, password))
        ])
        assert.deepStrictEqual(
          failures.map(({ code }) => code),
          ["192", isServer ? "192" : "511"]
        )
        for (const failure of failures)
          assert.notMatch(JSON.stringify(failure) + failure.message, /never_created|ß|IDENT/)
      })
  )
})

layer(Layer.empty, { excludeTestServices: true, timeout: "1 minute" })("the rows that a workspace sees", (it) => {
  const day = 86_400_000
  const dateTime = (millis: number) => new Date(millis).toISOString().slice(0, 19).replace("T", " ")
  const written = {
    milliseconds: (at: number) => at,
    datetime: dateTime,
    date: (at: number) => dateTime(at).slice(0, 10)
  }

  for (const filter of filters)
    it.effect(`of ${filter.table.name} are its own, and back to the day of its retention`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { url } = yield* sharedClickhouse
          const client = yield* clickhouseClient(url)
          const workspaceId = `ws_${filter.table.name}`
          const now = Date.now()
          // A minute into the oldest visible day, and a minute before it began.
          const oldest = Math.floor(now / day) * day - 7 * day
          const times = [now, oldest + 60_000, oldest - 60_000]
          const rowsOf = (workspace_id: string) =>
            times.map((at, nth) => ({
              workspace_id,
              time: written[filter.table.time](at),
              key_id: `${nth}`,
              // A row whose sums are all zero is dropped by the summing tables.
              ...(filter.table.time === "milliseconds" ? {} : { count: 1 })
            }))
          yield* insertRows(client, filter.table.name, [...rowsOf(workspaceId), ...rowsOf(`${workspaceId}_other`)])
          const condition = rowCondition({ ...filter, workspaceId, days: 7 })
          const query = `SELECT workspace_id, key_id FROM default.${filter.table.name} WHERE ${condition} ORDER BY key_id`
          const rows = yield* Effect.promise(async () =>
            (await client.query({ query, format: "JSONEachRow" })).json<{ workspace_id: string; key_id: string }>()
          )
          assert.deepStrictEqual(
            rows.map((row) => [row.workspace_id, row.key_id]),
            [
              [workspaceId, "0"],
              [workspaceId, "1"]
            ]
          )
        })
      )
    )
})
