import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { decodeRows } from "../../../src/layers/mysql/rows.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { poolOptions } from "./MysqlWorld.ts"

const pools = Layer.unwrapScoped(Effect.map(freshDatabase, (url) => MysqlPoolsLive({ primary: poolOptions(url) })))

const numbers = [
  ["a small column", "small", 1],
  ["a large column", "large", 9_007_199_254_740_991],
  ["a case", "CASE WHEN small > 0 THEN 1 ELSE 0 END", 1],
  ["a comparison", "small > 0", 1],
  ["a negation", "NOT (small > 0)", 0],
  ["a null check", "large IS NOT NULL", 1],
  ["a sum", "SUM(small)", 1],
  ["a count", "COUNT(*)", 1],
  ["a maximum", "MAX(large)", 9_007_199_254_740_991],
  ["an existence", "EXISTS (SELECT 1)", 1],
  ["a literal", "1", 1],
  ["a signed cast", "CAST(UNIX_TIMESTAMP('2027-01-15 08:00:00') * 1000 AS SIGNED)", 1_800_000_000_000]
] as const

layer(pools)("a numeric column of a row", (it) => {
  it.effect.each(numbers)("is read the same whatever type this server gives to %s", ([, expression, expected]) =>
    Effect.gen(function* () {
      const { sql } = (yield* MysqlPools).primary
      const source = "(SELECT CAST(1 AS SIGNED) AS small, CAST(9007199254740991 AS SIGNED) AS large) AS source"
      const rows = decodeRows(
        Schema.Struct({ integer: Schema.Number, version: Schema.BigIntFromSelf, flag: Schema.Boolean })
      )(
        sql.unsafe(
          `SELECT integer_value AS \`integer\`, integer_value AS version, integer_value AS flag
           FROM (SELECT ${expression} AS integer_value FROM ${source}) AS answer`
        )
      )
      assert.deepStrictEqual(yield* rows, [{ integer: expected, version: BigInt(expected), flag: expected !== 0 }])
    })
  )
})
