import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import fc from "fast-check"
import { ClickhouseUsers, type UserOperation } from "../../../src/services/clickhouseUser/ClickhouseUsers.ts"
import {
  defaultLimits,
  isIdentifier,
  limitsOf,
  planUser,
  timeOf
} from "../../../src/workflows/clickhouseUser/planUser.ts"
import { MemoryClickhouse, type MemoryUser, memoryClickhouse } from "../../support/memory/MemoryClickhouse.ts"
import { noLimits } from "../../support/workflows/clickhouseUsers.ts"

const wish = { workspaceId: "ws_shop", user: "ws_shop", limits: defaultLimits, retentionDays: 30 }
const tables = planUser(wish).flatMap((operation) => (operation._tag === "FilterRows" ? [operation.table.name] : []))

const filterOf = (table: string, workspaceId = "ws_shop"): UserOperation => ({
  _tag: "FilterRows",
  name: `workspace_${workspaceId}_rls`,
  user: "ws_shop",
  workspaceId,
  table: { name: table, time: timeOf(table) },
  days: 7
})

/** Runs operations on a ClickHouse in memory that has `existing` for ws_shop, and answers with what came of it. */
const outcomeOf = (operations: ReadonlyArray<UserOperation>, existing?: Partial<MemoryUser>) =>
  Effect.gen(function* () {
    const server = yield* ClickhouseUsers
    yield* Effect.forEach(operations, (operation) => server.apply(operation, Redacted.make("new")))
    const { users, violations } = yield* MemoryClickhouse
    return { user: users.get("ws_shop"), violations }
  }).pipe(Effect.provide(memoryClickhouse(existing === undefined ? {} : { users: { ws_shop: existing } })))

describe("limits", () => {
  const cases: ReadonlyArray<
    readonly [title: string, asked: Partial<typeof noLimits>, got: Partial<typeof defaultLimits>]
  > = [
    ["that are absent or zero are the defaults", {}, {}],
    ["below zero are the defaults", { maxQueriesPerWindow: -1, maxQueryMemoryBytes: -(2n ** 63n) }, {}],
    [
      "that are given are taken",
      { quotaDurationSeconds: 1, maxQueryResultRows: 5 },
      { quotaDurationSeconds: 1, maxQueryResultRows: 5 }
    ],
    ["of 64 bits keep every digit", { maxQueryMemoryBytes: 2n ** 63n - 1n }, { maxQueryMemoryBytes: 2n ** 63n - 1n }]
  ]
  for (const [title, asked, got] of cases)
    it(title, () => assert.deepStrictEqual(limitsOf({ ...noLimits, ...asked }), { ...defaultLimits, ...got }))
})

describe("the time of a table", () => {
  for (const [table, kind] of [
    ["key_verifications_raw_v2", "milliseconds"],
    ["key_verifications_per_minute_v3", "datetime"],
    ["key_verifications_per_hour_v12", "datetime"],
    ["key_verifications_per_day_v2", "date"],
    ["key_verifications_per_month_v3", "date"],
    ["raw", "datetime"],
    ["x_per_day_v", "datetime"],
    ["per_day_v2_copy", "datetime"]
  ])
    it(`of ${table} is ${kind}`, () => assert.strictEqual(timeOf(table ?? ""), kind))
})

describe("an identifier", () => {
  it("is letters, digits and underscores, and nothing that could end or extend a statement", () => {
    for (const good of ["ws_1", "WS", "0", "_"]) assert.isTrue(isIdentifier(good), good)
    for (const bad of ["", "ws-1", "ws 1", "ws`", "ws'", "wś", "ws\n", "ws.t", "x".repeat(257)])
      assert.isFalse(isIdentifier(bad), bad)
  })
})

describe("the plan of a user", () => {
  it("names and orders its operations as others rely on", () => {
    const tags = planUser(wish).map(({ _tag }) => _tag)
    assert.deepStrictEqual(
      [...new Set(tags)],
      ["CreateUser", "SetPassword", "FilterRows", "LimitUse", "LimitQueries", "ReplaceGrants"]
    )
    assert.deepStrictEqual(
      [...new Set(planUser(wish).flatMap((operation) => ("name" in operation ? [operation.name] : [])))],
      ["workspace_ws_shop_rls", "workspace_ws_shop_quota", "workspace_ws_shop_profile"]
    )
    assert.lengthOf(tables, 9)
  })

  it("keeps retentions within what ClickHouse's dates can express", () => {
    for (const [days, expected] of [
      [-5, 0],
      [0, 0],
      [30, 30],
      [1_000_000, 7300]
    ] as const) {
      const planned = planUser({ ...wish, retentionDays: days }).find((it) => it._tag === "FilterRows")
      assert.deepInclude(planned, { days: expected })
    }
  })

  it.effect("[W36] gives a new user exactly its tables, at no moment unfiltered or without limits", () =>
    Effect.gen(function* () {
      const { user, violations } = yield* outcomeOf(planUser(wish))
      assert.deepStrictEqual(violations, [])
      assert.deepStrictEqual([...(user?.grants ?? [])], tables)
      assert.strictEqual(user?.password, "new")
    })
  )

  it.effect("[W36] aligns the password of a user that exists, and takes no table from it at any moment", () =>
    Effect.gen(function* () {
      const filters = new Map(tables.map((table) => [`${table} workspace_ws_shop_rls`, filterOf(table)] as const))
      const existing = { password: "old", grants: new Set(tables), filters: filters as MemoryUser["filters"] }
      const { user, violations } = yield* outcomeOf(planUser(wish), existing)
      assert.deepStrictEqual(violations, [])
      assert.strictEqual(user?.password, "new")
      assert.deepStrictEqual(new Set([...(user?.filters.values() ?? [])].map(({ days }) => days)), new Set([30]))
    })
  )

  it.effect("takes rights that are not among its tables", () =>
    Effect.gen(function* () {
      const { user } = yield* outcomeOf(planUser(wish), {
        grants: new Set(["build_steps_v1", "key_verifications_raw_v2"])
      })
      assert.deepStrictEqual([...(user?.grants ?? [])], tables)
    })
  )

  it.effect("[W36] the order of old, rights before filters, is seen by these tests as what it is", () =>
    Effect.gen(function* () {
      const plan = planUser(wish)
      const isGrant = (operation: UserOperation) => operation._tag === "ReplaceGrants"
      const [create, ...rest] = plan.filter((operation) => !isGrant(operation))
      const old = [...(create === undefined ? [] : [create]), ...plan.filter(isGrant), ...rest]
      const { violations } = yield* outcomeOf(old)
      assert.include(violations, "ws_shop reads foreign rows of key_verifications_raw_v2")
    })
  )

  it("any part of it, cut off anywhere and begun again, harms no other user and ends the same", () =>
    fc.assert(
      fc.asyncProperty(
        fc.subarray([...tables, "build_steps_v1"]),
        fc.array(fc.nat({ max: 14 }), { maxLength: 3 }),
        async (granted, cuts) => {
          const filters = new Map(granted.filter((it) => tables.includes(it)).map((table) => [table, filterOf(table)]))
          const plan = planUser(wish)
          const attempts = [...cuts.map((cut) => plan.slice(0, cut)), plan].flat()
          const existing = {
            password: "old",
            grants: new Set(granted),
            filters: filters as unknown as MemoryUser["filters"]
          }
          const { user, violations } = await Effect.runPromise(outcomeOf(attempts, existing))
          assert.deepStrictEqual(
            violations.filter((it) => !it.endsWith("lost build_steps_v1")),
            []
          )
          assert.deepStrictEqual([...(user?.grants ?? [])], tables)
        }
      ),
      { numRuns: 200 }
    ))
})
