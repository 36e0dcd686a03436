import { Either, JSONSchema, ParseResult, Schema, SchemaAST } from "effect"
import { EncodingFailed } from "../operations/DurableError.ts"
import { type AnySchema, opaque } from "./Contract.ts"
import { clipped } from "./clipped.ts"
import { isRawBytes, rawContentType } from "./RawBytes.ts"

/** How a value becomes journal bytes and back. The shape Restate's SDK expects. */
export interface Serde<A> {
  readonly contentType?: string
  readonly serialize: (value: A) => Uint8Array
  readonly deserialize: (bytes: Uint8Array) => A
}

/** Tells a stored null, or a value of no bytes, from nothing stored. */
export interface Held<A> {
  readonly value: A
}

export const heldSerde = <A>(serde: Serde<A>): Serde<Held<A>> => ({
  serialize: ({ value }) => serde.serialize(value),
  deserialize: (bytes) => ({ value: serde.deserialize(bytes) })
})

/** The serde of a schema. */
export interface SchemaSerde<A> extends Serde<A> {
  /** As `serialize`, but a value that does not fit is a value: a workflow decides what to do about it. */
  readonly encode: (value: A) => Either.Either<Uint8Array, InvalidPayload>
  /** The JSON that `encode` makes bytes of, of any size. The schema reads it back. */
  readonly write: (value: A) => Either.Either<string, InvalidPayload>
}

/** The default of `Limits.payloadBytes`: 256 KiB. */
export const maxPayloadBytes = 256 * 1024

const maxProblemCharacters = 512
const decoder = new TextDecoder()
const encoder = new TextEncoder()
const empty = new Uint8Array(0)
/** By schema, then by the largest payload. A program has one or two of those. */
const cache = new WeakMap<SchemaAST.AST, Map<number, SchemaSerde<unknown>>>()

/** A payload that is too large, is not JSON, or does not fit its schema. */
export class InvalidPayload extends Schema.TaggedError<InvalidPayload>()("InvalidPayload", {
  problem: Schema.String,
  /** Its size, when that is the problem. */
  bytes: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return this.problem
  }
}

const tooLarge = (bytes: number, maxBytes: number): InvalidPayload =>
  new InvalidPayload({ problem: `${bytes} bytes exceed the limit of ${maxBytes}`, bytes })

/** Where a value of ours does not fit. What it holds is not said: the text goes to the journal's events. */
const misfit = (error: ParseResult.ParseError, how = "the value does not fit its schema"): InvalidPayload => {
  const paths = ParseResult.ArrayFormatter.formatErrorSync(error).map(
    ({ path }) => path.map(String).join(".") || "itself"
  )
  return new InvalidPayload({
    problem: clipped(`${how} at ${paths.join(", ")}`, maxProblemCharacters)
  })
}

const describe = (error: ParseResult.ParseError): string => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) =>
    path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`
  )
  return clipped(issues.join("; "), maxProblemCharacters)
}

const parse = (bytes: Uint8Array, maxBytes: number): unknown => {
  if (bytes.length === 0) return undefined
  if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes)
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    throw new InvalidPayload({ problem: "the body is not JSON" })
  }
}

const refuseNonFinite = (_: string, value: unknown): unknown => {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError("not a JSON number")
  return value
}

/** Undefined for what JSON cannot hold. NaN and the infinities would become null, so a text with a null is looked at again. */
const jsonOf = (wire: unknown): string | undefined => {
  try {
    // Typed as a string, although a function or a symbol has no JSON.
    const text: string | undefined = JSON.stringify(wire)
    return text?.includes("null") ? JSON.stringify(wire, refuseNonFinite) : text
  } catch {
    return undefined
  }
}

const isVoid = ({ ast }: AnySchema): boolean => SchemaAST.isVoidKeyword(ast) || SchemaAST.isUndefinedKeyword(ast)

/**
 * The schema's encoded side as JSON Schema, for discovery. None where nothing is sent, and for a schema without such a form,
 * which still encodes and decodes.
 */
export const jsonSchemaOf = (schema: AnySchema): object | undefined => {
  if (isVoid(schema)) return undefined
  try {
    return JSONSchema.make(opaque(schema), { target: "jsonSchema2020-12" })
  } catch {
    return undefined
  }
}

const make = <A, I>(schema: Schema.Schema<A, I>, maxBytes: number): SchemaSerde<A> => {
  const toWire = Schema.encodeEither(schema)
  const decode = Schema.decodeUnknownEither(schema)
  const write = (value: A): Either.Either<string, InvalidPayload> => {
    const wire = toWire(value)
    if (wire._tag === "Left") return Either.left(misfit(wire.left))
    const text = wire.right === undefined ? "" : jsonOf(wire.right)
    if (text === undefined) return Either.left(new InvalidPayload({ problem: "the value has no JSON" }))
    // Refused here, where the value is made: once stored, no attempt could read it back.
    const back = decode(text === "" ? undefined : JSON.parse(text))
    return back._tag === "Left"
      ? Either.left(misfit(back.left, "its schema cannot read the value's JSON"))
      : Either.right(text)
  }
  const encode = (value: A): Either.Either<Uint8Array, InvalidPayload> =>
    Either.flatMap(write(value), (text) => {
      const bytes = text === "" ? empty : encoder.encode(text)
      return bytes.length > maxBytes ? Either.left(tooLarge(bytes.length, maxBytes)) : Either.right(bytes)
    })
  return {
    ...(isVoid(schema) ? {} : { contentType: "application/json" }),
    encode,
    write,
    serialize: (value) => Either.getOrThrowWith(encode(value), (problem) => problem),
    deserialize: (bytes) => {
      const result = decode(parse(bytes, maxBytes))
      if (result._tag === "Left") throw new InvalidPayload({ problem: describe(result.left) })
      return result.right
    }
  }
}

const checked = (value: unknown, maxBytes: number): Either.Either<Uint8Array, InvalidPayload> => {
  if (!(value instanceof Uint8Array)) return Either.left(new InvalidPayload({ problem: "the value is not bytes" }))
  return value.length > maxBytes ? Either.left(tooLarge(value.length, maxBytes)) : Either.right(value)
}

/** The serde of `RawBytes`. */
const makeRaw = (maxBytes: number): SchemaSerde<unknown> => ({
  contentType: rawContentType,
  encode: (value) => checked(value, maxBytes),
  write: () => Either.left(new InvalidPayload({ problem: "bytes have no JSON" })),
  serialize: (value) => Either.getOrThrowWith(checked(value, maxBytes), (problem) => problem),
  deserialize: (bytes) => Either.getOrThrowWith(checked(bytes, maxBytes), (problem) => problem)
})

/** The serde of a schema whose types are not known here. */
export const opaqueSerde = (schema: AnySchema, maxBytes: number): SchemaSerde<unknown> =>
  serdeOf(opaque(schema), maxBytes)

/** The bytes of a value for `target`, or why there are none. A function of the value: the same on every attempt. */
export const encodeFor = <A>(
  target: string,
  serde: SchemaSerde<A>,
  value: A
): Either.Either<Uint8Array, EncodingFailed> =>
  Either.mapLeft(serde.encode(value), ({ problem }) => new EncodingFailed({ target, problem }))

/** The serde of a schema that writes and reads payloads up to this size, made once. */
export const serdeOf = <A, I>(schema: Schema.Schema<A, I>, maxBytes: number): SchemaSerde<A> => {
  const bySize = cache.get(schema.ast) ?? new Map<number, SchemaSerde<unknown>>()
  const known = bySize.get(maxBytes)
  // The cache is keyed by the schema itself, so what is found there was made for the same A.
  if (known !== undefined) return known as SchemaSerde<A>
  // What RawBytes decodes is bytes.
  const made = isRawBytes(schema) ? (makeRaw(maxBytes) as SchemaSerde<A>) : make(schema, maxBytes)
  cache.set(schema.ast, bySize.set(maxBytes, made as SchemaSerde<unknown>))
  return made
}
