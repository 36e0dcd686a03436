import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Option, Record, Schema, SchemaAST, String } from "effect"

/**
 * Columns as the driver returns them: BIGINT and DECIMAL as strings, smaller integers as numbers, JSON parsed or as a string.
 * The type of an expression depends on the server: `CASE WHEN a THEN 1 ELSE 0 END` and `a > b` are INT on MariaDB and BIGINT on
 * MySQL, so a numeric column accepts both forms.
 */
const Integer = Schema.Union(Schema.Number, Schema.NumberFromString)
const BigInteger = Schema.Union(Schema.BigInt, Schema.BigIntFromNumber)
const Flag = Schema.transform(Integer, Schema.Boolean, {
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

/** The same column, read from each form in which the driver may return it. */
const columnOf = (ast: SchemaAST.AST): SchemaAST.AST => {
  if (SchemaAST.isNumberKeyword(ast)) return Integer.ast
  if (SchemaAST.isBigIntKeyword(ast)) return BigInteger.ast
  if (SchemaAST.isBooleanKeyword(ast)) return Schema.Union(Schema.Boolean, Flag).ast
  return SchemaAST.isUnion(ast) ? SchemaAST.Union.make(ast.types.map(columnOf)) : ast
}

export type Columns = Readonly<Record<string, Schema.Schema.AnyNoContext>>

/** The columns of a row in each form in which the driver may return them. */
export const rowSchema = <F extends Columns>(columns: F) =>
  Schema.make<Schema.Struct.Type<F>, unknown>(
    Schema.Struct(Record.map(columns, (field) => Schema.make(columnOf(field.ast)))).ast
  )

/** Conversions, kept: a SELECT of thousands of rows has the same few names in each. Only statements of this code add names. */
const camelCase = new Map<string, string>()

const camelCaseOf = (column: string): string => {
  const known = camelCase.get(column)
  if (known !== undefined) return known
  const name = String.snakeToCamel(column)
  camelCase.set(column, name)
  return name
}

/**
 * Decodes a row into an entity whose fields are named like the columns in camel case: `workspace_id` as `workspaceId`. Other
 * columns are dropped. A row that does not decode is a defect: the schema is not the expected one. So each column is decoded as
 * wide as its type. What a writer may choose beyond the type, such as JSON content, is decoded later, into `InvalidRow` (see
 * `regionConfigOf`) or by `Lenient`.
 */
export const decodeRow = <F extends Columns>(entity: Schema.Struct<F>) => {
  const decode = Schema.decodeUnknownSync(rowSchema(entity.fields))
  return (columns: object): Schema.Struct.Type<F> => decode(Record.mapKeys({ ...columns }, camelCaseOf))
}

/** Decodes the rows of a SELECT. */
export const decodeRows = <F extends Columns>(entity: Schema.Struct<F>) => {
  const decode = decodeRow(entity)
  return (
    select: Effect.Effect<ReadonlyArray<object>, SqlError>
  ): Effect.Effect<ReadonlyArray<Schema.Struct.Type<F>>, SqlError> => Effect.map(select, (rows) => rows.map(decode))
}

/** Decodes the first row of a SELECT; null if there is none. */
export const decodeFirst = <F extends Columns>(entity: Schema.Struct<F>) => {
  const decode = decodeRow(entity)
  return (
    select: Effect.Effect<ReadonlyArray<object>, SqlError>
  ): Effect.Effect<Schema.Struct.Type<F> | null, SqlError> =>
    Effect.map(select, ([row]) => (row === undefined ? null : decode(row)))
}

/** Longest list of one IN clause. */
export const chunkSize = 500
