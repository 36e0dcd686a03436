import { JSONSchema, ParseResult, Schema } from "effect"
import { boundedText, type Scalar } from "./scalars.ts"

/** One field of a message: its place in the struct, and whether a wire value of it is left out when written. */
export interface Field<P extends Schema.Struct.Field = Schema.Struct.Field> {
  readonly property: P
  readonly isZero: (wire: unknown) => boolean
}

type Value<A, I> = Scalar<A, I> | Schema.Schema<A, I>

const schemaOf = <A, I>(value: Value<A, I>): Schema.Schema<A, I> => ("isZero" in value ? value.schema : value)

const never = () => false

/** A field with presence, that is absent and zero differ: proto3 `optional`, and every message-typed field. */
export const optional = <A, I>(value: Value<A, I>) => ({
  property: Schema.optionalWith(schemaOf(value), { exact: true }),
  isZero: never
})

/** A repeated field. Empty and absent are the same. `max` bounds the memory and the rows of one request. */
export const list = <A, I>(value: Value<A, I>, max = 1000) => ({
  property: Schema.optionalWith(
    Schema.Array(schemaOf(value)).pipe(
      Schema.maxItems(max, { message: () => `must be a list of at most ${max} entries` })
    ),
    { default: (): ReadonlyArray<A> => [], exact: true }
  ),
  isZero: (wire: unknown) => Array.isArray(wire) && wire.length === 0
})

/** A required field: its zero value is not valid. */
export const required = <A, I>(schema: Schema.Schema<A, I>) => ({ property: schema, isZero: never })

/** A required identifier or key: 1 to `max` code points. */
export const id = (max = 256) => required(boundedText(1, max))

/** A required word out of a closed list, for messages of this worker only. */
export const word = <const Words extends readonly [string, ...Array<string>]>(...words: Words) => {
  const message = () => ({ message: `must be one of ${words.join(", ")}`, override: true })
  return required(Schema.Literal(...words).annotations({ message }))
}

type Fields = { readonly [name: string]: Field }
type Properties<F extends Fields> = { readonly [Name in keyof F]: F[Name]["property"] }

/** What a message is in code: camel-case members, zero values filled in, `optional` members present or not. */
export type MessageType<F extends Fields> = Schema.Simplify<Schema.Struct.Type<Properties<F>>>

interface MessageOptions<Name> {
  /** Groups of which at most one member may be present. */
  readonly oneofs?: ReadonlyArray<ReadonlyArray<Name>>
}

/**
 * A protojson message, declared once for reading, writing and its published JSON Schema.
 *
 * Reading takes lowerCamelCase and snake_case names, `null` as absent, a missing body as the empty message, and ignores
 * unknown members. Two spellings of one field, or two members of a oneof, are refused. Writing is deterministic: declared order,
 * lowerCamelCase, zero values left out, `{}` for an empty message; Restate compares these bytes on replay.
 */
export const message = <const F extends Fields>(
  name: string,
  fields: F,
  options: MessageOptions<keyof F & string> = {}
): Schema.Schema<MessageType<F>, unknown> => {
  const oneofs = options.oneofs ?? []
  const properties = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.property]))
  // Entries lose the mapped type; `properties` has exactly one property per field, and no field has requirements.
  const struct = Schema.Struct(properties) as unknown as Schema.Schema<MessageType<F>, Record<string, unknown>>
  const names = Object.keys(fields).map((name) => ({ name, snake: snakeCase(name) }))
  return Schema.transformOrFail(Schema.Unknown, struct, {
    strict: true,
    decode: (body, _options, ast) => {
      const found = collect(body, names, oneofs)
      return typeof found === "string"
        ? ParseResult.fail(new ParseResult.Type(ast, body, found))
        : ParseResult.succeed(found)
    },
    encode: (wire) => ParseResult.succeed(withoutZeros(wire, fields))
  }).annotations({ title: name, jsonSchema: publishedSchema(name, struct, oneofs) })
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** A field's name as this worker writes it, and the other one that it reads. */
interface FieldName {
  readonly name: string
  readonly snake: string
}

/** The declared members of a body under their camel-case names, or what is wrong with it. */
const collect = (
  body: unknown,
  names: ReadonlyArray<FieldName>,
  oneofs: ReadonlyArray<ReadonlyArray<string>>
): Record<string, unknown> | string => {
  if (body === undefined) return {}
  if (typeof body !== "object" || body === null || Array.isArray(body)) return "must be a JSON object"
  const given = new Map(Object.entries(body).filter(([, value]) => value !== null && value !== undefined))
  const found: Record<string, unknown> = {}
  for (const { name, snake } of names) {
    const spelling = given.has(name) ? name : snake
    if (given.has(name) && snake !== name && given.has(snake)) return `${name} and ${snake} are the same field`
    if (given.has(spelling)) found[name] = given.get(spelling)
  }
  const clash = oneofs.map((group) => group.filter((name) => Object.hasOwn(found, name))).find((set) => set.length > 1)
  return clash === undefined ? found : `${clash.join(" and ")} exclude each other`
}

const withoutZeros = (wire: Record<string, unknown>, fields: Fields): Record<string, unknown> => {
  const kept: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (Object.hasOwn(wire, name) && !field.isZero(wire[name])) kept[name] = wire[name]
  }
  return kept
}

const publishedSchema = <A, I>(
  title: string,
  struct: Schema.Schema<A, I>,
  oneofs: ReadonlyArray<ReadonlyArray<string>>
): object => {
  // A struct without fields accepts arrays too; the message does not.
  const empty = { type: "object", required: [], properties: {} }
  const { type, required, properties } = { ...empty, ...JSONSchema.make(struct) }
  const pairs = oneofs.flatMap((group) => group.flatMap((a, at) => group.slice(at + 1).map((b) => [a, b])))
  const exclusive = pairs.length === 0 ? {} : { not: { anyOf: pairs.map((pair) => ({ required: pair })) } }
  // No `additionalProperties: false`: it would promise to refuse the unknown members that are ignored.
  return { title, type, required, properties, ...exclusive }
}
