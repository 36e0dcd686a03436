import { TerminalError } from "@restatedev/restate-sdk"
import { Either, Option, Schema, SchemaAST } from "effect"
import { type AnySchema, opaque } from "./Contract.ts"
import { httpStatusOf } from "./httpStatus.ts"
import { maxPayloadBytes, opaqueSerde } from "./Serde.ts"

/** Metadata key under which an encoded failure travels with its terminal error to a caller that asks for it. */
export const failureMetadata = "effect/error"

/**
 * The header by which a caller of a public handler asks for failures with their fields. Restate shows the metadata of an error
 * in the body of its ingress, and callers that know nothing of them get status and message alone.
 */
export const typedFailuresHeader = "x-typed-failures"

const statusOf = (ast: SchemaAST.AST, failure: unknown): number => {
  if (!SchemaAST.isUnion(ast)) return httpStatusOf(ast)
  const member = ast.types.find((type) => Schema.is(Schema.make(type))(failure))
  return member === undefined ? 500 : statusOf(member, failure)
}

const messageOf = (failure: unknown): string => {
  if (failure instanceof Error) return failure.message === "" ? failure.name : failure.message
  return String(failure)
}

/**
 * The terminal error that carries a typed failure: its HTTP status as code and, when `withFields`, itself encoded as metadata.
 * None when the failure does not fit the schema, or its JSON does not, which makes it a defect.
 */
export const toTerminal = (schema: AnySchema, failure: unknown, withFields: boolean): Option.Option<TerminalError> =>
  Option.map(
    Either.getRight(opaqueSerde(schema, maxPayloadBytes).write(failure)),
    (text) =>
      new TerminalError(messageOf(failure), {
        errorCode: statusOf(schema.ast, failure),
        ...(withFields ? { metadata: { [failureMetadata]: text } } : {})
      })
  )

/** The typed failure inside a terminal error, when there is one and it fits the schema. */
export const fromTerminal = (schema: AnySchema, error: TerminalError): Option.Option<unknown> => {
  const encoded = error.metadata?.[failureMetadata]
  if (encoded === undefined) return Option.none()
  return Schema.decodeOption(Schema.parseJson(opaque(schema)))(encoded)
}
