import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Option, Schema } from "effect"

/**
 * Columns as the driver returns them: BIGINT and DECIMAL as strings, smaller integers as numbers, JSON parsed or as a string.
 * The type of an expression depends on the server: `CASE WHEN a THEN 1 ELSE 0 END` and `a > b` are INT on MariaDB and BIGINT on
 * MySQL, so a numeric column accepts both forms.
 */
export const Integer64 = Schema.Union(Schema.Number, Schema.NumberFromString)
export const Version = Schema.Union(Schema.BigInt, Schema.BigIntFromNumber)
export const Flag = Schema.transform(Integer64, Schema.Boolean, {
  strict: true,
  decode: (value) => value !== 0,
  encode: (value) => (value ? 1 : 0)
})
export const Json = <A, I>(schema: Schema.Schema<A, I>) => Schema.Union(schema, Schema.parseJson(schema))

/** A JSON column with foreign content that no decision depends on: null if absent or of another shape. */
export const Lenient = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.transform(Schema.Unknown, Schema.NullOr(Schema.typeSchema(schema)), {
    strict: true,
    decode: (value) => Option.getOrNull(Schema.decodeUnknownOption(Json(schema))(value)),
    encode: (value) => value
  })

/**
 * Decodes the rows of a SELECT. A row that does not decode is a defect: the schema is not the expected one. So each column is
 * decoded as wide as its type. What a writer may choose beyond the type, such as JSON content, is decoded later, into
 * `InvalidRow` (see `regionConfigOf`) or by `Lenient`.
 */
export const decodeRows = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(Schema.Array(schema))
  return (select: Effect.Effect<ReadonlyArray<object>, SqlError>): Effect.Effect<ReadonlyArray<A>, SqlError> =>
    Effect.flatMap(select, (rows) => Effect.orDie(decode(rows)))
}

/** Longest list of one IN clause. */
export const chunkSize = 500
