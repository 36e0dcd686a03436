import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schema } from "effect"

/** Columns as the driver hands them over: BIGINT and COUNT as strings, tinyint(1) as a number, JSON parsed or as text. */
export const Integer64 = Schema.NumberFromString
export const Version = Schema.BigInt
export const Flag = Schema.transform(Schema.Number, Schema.Boolean, {
  strict: true,
  decode: (value) => value !== 0,
  encode: (value) => (value ? 1 : 0)
})
export const Json = <A, I>(schema: Schema.Schema<A, I>) => Schema.Union(schema, Schema.parseJson(schema))

/** Decodes what a SELECT returned. A row that does not fit is a defect: the tables are not those this code was written for. */
export const decodeRows = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(Schema.Array(schema))
  return (select: Effect.Effect<ReadonlyArray<object>, SqlError>): Effect.Effect<ReadonlyArray<A>, SqlError> =>
    Effect.flatMap(select, (rows) => Effect.orDie(decode(rows)))
}

/** Longest list of one IN clause. */
export const chunkSize = 500
