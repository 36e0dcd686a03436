import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Option, Schema } from "effect"

/**
 * Columns as the driver hands them over: BIGINT and DECIMAL as text, smaller integers as numbers, JSON parsed or as text.
 * Which of the two an expression is depends on the server: `CASE WHEN a THEN 1 ELSE 0 END` and `a > b` are INT on MariaDB
 * and BIGINT on MySQL, so a numeric column is read in both forms.
 */
export const Integer64 = Schema.Union(Schema.Number, Schema.NumberFromString)
export const Version = Schema.Union(Schema.BigInt, Schema.BigIntFromNumber)
export const Flag = Schema.transform(Integer64, Schema.Boolean, {
  strict: true,
  decode: (value) => value !== 0,
  encode: (value) => (value ? 1 : 0)
})
export const Json = <A, I>(schema: Schema.Schema<A, I>) => Schema.Union(schema, Schema.parseJson(schema))

/** A JSON column whose content others choose and no decision rests on: null where it is absent or does not fit. */
export const Lenient = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.transform(Schema.Unknown, Schema.NullOr(Schema.typeSchema(schema)), {
    strict: true,
    decode: (value) => Option.getOrNull(Schema.decodeUnknownOption(Json(schema))(value)),
    encode: (value) => value
  })

/**
 * Decodes what a SELECT returned. A row that does not fit is a defect: the tables are not those this code was written for. So
 * every column is decoded as wide as its type: a text as any text, a number as any number. What a writer may choose
 * beyond its type, as the content of JSON, is decoded afterwards, into `RowUnfit` (see `regionConfigOf`) or by `Lenient`.
 */
export const decodeRows = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(Schema.Array(schema))
  return (select: Effect.Effect<ReadonlyArray<object>, SqlError>): Effect.Effect<ReadonlyArray<A>, SqlError> =>
    Effect.flatMap(select, (rows) => Effect.orDie(decode(rows)))
}

/** Longest list of one IN clause. */
export const chunkSize = 500
