import { ParseResult, Schema, type SchemaAST } from "effect"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject

export interface JsonObject {
  readonly [key: string]: Json
}

/** Deeper than any document of the wire protocol, shallower than the call stack. */
const maxDepth = 32

/**
 * The same document with the keys of every object in code-unit order, so that equal documents have equal bytes: Restate
 * compares a replayed payload byte by byte. `undefined` when the value is not JSON or is nested deeper than 32 levels.
 */
const canonicalJson = (value: unknown, depth = 0): Json | undefined => {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined
  if (typeof value !== "object" || depth >= maxDepth) return undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => canonicalJson(item, depth + 1))
    return items.every((item) => item !== undefined) ? items : undefined
  }
  return canonicalObject(value, depth)
}

const canonicalObject = (value: object, depth: number): JsonObject | undefined => {
  const members: Array<readonly [string, Json]> = []
  for (const [key, member] of Object.entries(value)) {
    const canonical = canonicalJson(member, depth + 1)
    if (canonical === undefined) return undefined
    members.push([key, canonical])
  }
  // fromEntries defines own properties, so a member called __proto__ stays data.
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Both directions go through `canonical`, which refuses what is inside: looking into it here as well would triple the work. */
const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const problem = `must be a JSON object of at most ${maxDepth} levels`

const JsonObjectSelf: Schema.Schema<JsonObject> = Schema.declare(isJsonObject, {
  title: "JSON object",
  message: () => ({ message: problem, override: true }),
  jsonSchema: { type: "object" }
})

const canonical = (value: JsonObject, ast: SchemaAST.AST) => {
  const object = canonicalObject(value, 0)
  return object === undefined
    ? ParseResult.fail(new ParseResult.Type(ast, value, problem))
    : ParseResult.succeed(object)
}

/** A JSON object of any shape, written with sorted keys. */
export const JsonObject: Schema.Schema<JsonObject> = Schema.transformOrFail(JsonObjectSelf, JsonObjectSelf, {
  strict: true,
  decode: (value, _options, ast) => canonical(value, ast),
  encode: (value, _options, ast) => canonical(value, ast)
})
