import { ParseResult, Schema } from "effect"
import { fitsCodePoints } from "../text/codePoints.ts"

/**
 * A protojson value with a zero: a missing field reads as the zero, and the zero is left out when written.
 * Declared as a field of a message it is exactly that; `optional` and `list` of protojson.ts build on it.
 */
export interface Scalar<A, I> {
  readonly schema: Schema.Schema<A, I>
  readonly property: Schema.PropertySignature<":", A, never, "?:", I, true>
  readonly isZero: (wire: unknown) => boolean
}

const withZero = <A, I>(schema: Schema.Schema<A, I>, zero: A): Scalar<A, I> => {
  const zeroOnWire = Schema.encodeSync(schema)(zero)
  return {
    schema,
    property: Schema.optionalWith(schema, { default: () => zero, exact: true }),
    isZero: (wire) => wire === zeroOnWire
  }
}

/** One sentence instead of an error tree, without the refused value, which could be large or a secret. */
const saying = (message: string) => ({ message: () => ({ message, override: true }) })

/** Text of `min` to `max` code points, the unit of MySQL's column widths and of JSON Schema's lengths. */
export const boundedText = (min: 0 | 1, max: number): Schema.Schema<string> =>
  Schema.String.pipe(
    Schema.filter((value) => value.length >= min && fitsCodePoints(value, max), {
      ...saying(
        min === 0 ? `must be text of at most ${max} characters` : `must be text of ${min} to ${max} characters`
      ),
      jsonSchema: { ...(min === 0 ? {} : { minLength: min }), maxLength: max }
    })
  )

/** Text of at most `max` code points; 256 is the width of the widest id column. */
export const text = (max = 256): Scalar<string, string> => withZero(boundedText(0, max), "")

export const bool: Scalar<boolean, boolean> = withZero(
  Schema.Boolean.annotations(saying("must be true or false")),
  false
)

interface IntegerKind<A> {
  readonly name: string
  readonly self: Schema.Schema<A>
  readonly fromBigInt: (value: bigint) => A
  readonly min: bigint
  readonly max: bigint
}

/** At most 20 digits, so that a long text is refused before it is parsed. */
const decimal = /^-?(0|[1-9][0-9]{0,19})$/

const readInteger = (wire: string | number, min: bigint, max: bigint): bigint | undefined => {
  if (typeof wire === "number" ? !Number.isSafeInteger(wire) : !decimal.test(wire)) return undefined
  const value = BigInt(wire)
  return value >= min && value <= max ? value : undefined
}

const integer = <A, I extends string | number>(kind: IntegerKind<A>, write: (value: A) => I) => {
  const exactness = kind.max > Number.MAX_SAFE_INTEGER ? "; beyond 2^53 written as a string" : ""
  const problem = `must be an integer from ${kind.min} to ${kind.max}${exactness}`
  return Schema.transformOrFail(Schema.Union(Schema.String, Schema.Number), kind.self, {
    strict: true,
    decode: (wire, _options, ast) => {
      const value = readInteger(wire, kind.min, kind.max)
      return value === undefined
        ? ParseResult.fail(new ParseResult.Type(ast, wire, problem))
        : ParseResult.succeed(kind.fromBigInt(value))
    },
    encode: (value, _options, ast) => {
      const wire = write(value)
      return readInteger(wire, kind.min, kind.max) === undefined
        ? ParseResult.fail(new ParseResult.Type(ast, value, problem))
        : ParseResult.succeed(wire)
    }
  }).annotations({
    title: kind.name,
    ...saying(problem),
    jsonSchema: { anyOf: [{ type: "integer" }, { type: "string", pattern: decimal.source }] }
  })
}

const sixtyFourBit = (name: string, min: bigint, max: bigint): Scalar<bigint, string | number> =>
  withZero(integer({ name, self: Schema.BigIntFromSelf, fromBigInt: (value) => value, min, max }, String), 0n)

/** A bigint in code: versions and installation ids above 2^53 must not lose their low digits. */
export const int64 = sixtyFourBit("int64", -(2n ** 63n), 2n ** 63n - 1n)

/** A bigint in code, for the same reason as `int64`. */
export const uint64 = sixtyFourBit("uint64", 0n, 2n ** 64n - 1n)

/**
 * Milliseconds: int64 on the wire, a number in code, because Effect's Clock and Duration count in numbers and 2^53 ms are
 * 285 000 years. A value outside of the safe integers is refused.
 */
export const millis: Scalar<number, string | number> = withZero(
  integer(
    {
      name: "int64 milliseconds",
      self: Schema.Number,
      fromBigInt: Number,
      min: BigInt(Number.MIN_SAFE_INTEGER),
      max: BigInt(Number.MAX_SAFE_INTEGER)
    },
    String
  ),
  0
)

export const int32: Scalar<number, string | number> = withZero(
  integer(
    { name: "int32", self: Schema.Number, fromBigInt: Number, min: -(2n ** 31n), max: 2n ** 31n - 1n },
    (value) => value
  ),
  0
)

/**
 * A protobuf enum: read from its full name or its number, written as its full name, which is the word in upper case after
 * the prefix. `words` are in number order from 0; the first one is the zero. Unknown names and numbers are refused.
 */
export const enumeration = <const Words extends readonly [string, ...Array<string>]>(
  prefix: string,
  words: Words
): Scalar<Words[number], string | number> => {
  const fullName = (word: string) => `${prefix}_${word.toUpperCase()}`
  const names = words.map(fullName)
  const problem = `must be one of ${names.join(", ")}`
  const schema = Schema.transformOrFail(Schema.Union(Schema.String, Schema.Number), Schema.Literal(...words), {
    strict: true,
    decode: (wire, _options, ast) => {
      const word: Words[number] | undefined = words[typeof wire === "number" ? wire : names.indexOf(wire)]
      return word === undefined ? ParseResult.fail(new ParseResult.Type(ast, wire, problem)) : ParseResult.succeed(word)
    },
    encode: (word) => ParseResult.succeed(fullName(word))
  }).annotations({
    ...saying(problem),
    jsonSchema: { anyOf: [{ enum: names }, { type: "integer", minimum: 0, maximum: names.length - 1 }] }
  })
  return withZero(schema, words[0])
}
