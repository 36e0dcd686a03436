import { TerminalError } from "@restatedev/restate-sdk"
import { Either, Option, Schema, SchemaAST } from "effect"
import { type AnySchema, opaque } from "./Contract.ts"
import { httpStatusOf } from "./httpStatus.ts"
import { publicMetadataOf } from "./publicMetadata.ts"
import { maxPayloadBytes, opaqueSerde } from "./Serde.ts"

/** Metadata key under which an encoded failure travels with its terminal error to a caller that asks for it. */
export const failureMetadata = "effect/error"

/**
 * The header by which a caller of a public handler asks for failures with their fields. Restate shows the metadata of an error
 * in the body of its ingress, and callers that know nothing of them get status and message alone.
 */
export const typedFailuresHeader = "x-typed-failures"

/** The schema of a union that a failure belongs to. */
const memberOf = (ast: SchemaAST.AST, failure: unknown): SchemaAST.AST => {
  if (!SchemaAST.isUnion(ast)) return ast
  const member = ast.types.find((type) => Schema.is(Schema.make(type))(failure))
  return member === undefined ? SchemaAST.neverKeyword : memberOf(member, failure)
}

const messageOf = (failure: unknown): string => {
  if (failure instanceof Error) return failure.message === "" ? failure.name : failure.message
  return String(failure)
}

/**
 * The terminal error that carries a typed failure: its HTTP status as code, what its schema declares as public metadata and, when
 * `withFields`, itself encoded. None when the failure does not fit the schema, or its JSON does not, which makes it a defect.
 */
export const toTerminal = (schema: AnySchema, failure: unknown, withFields: boolean): Option.Option<TerminalError> =>
  Option.flatMap(Either.getRight(opaqueSerde(schema, maxPayloadBytes).write(failure)), (text) => {
    const member = memberOf(schema.ast, failure)
    return Option.map(publicMetadataOf(member, failure), (shown) => {
      const metadata = { ...shown, ...(withFields ? { [failureMetadata]: text } : {}) }
      return new TerminalError(messageOf(failure), {
        errorCode: httpStatusOf(member),
        ...(Object.keys(metadata).length === 0 ? {} : { metadata })
      })
    })
  })

/** The typed failure inside a terminal error, when there is one and it fits the schema. */
export const fromTerminal = (schema: AnySchema, error: TerminalError): Option.Option<unknown> => {
  const encoded = error.metadata?.[failureMetadata]
  if (encoded === undefined) return Option.none()
  return Schema.decodeOption(Schema.parseJson(opaque(schema)))(encoded)
}

/** What a terminal error shows to every caller, as a field of `CallFailed`. Left out when there is none. */
export const shownBy = ({ metadata = {} }: TerminalError): { readonly metadata?: Readonly<Record<string, string>> } => {
  const shown = Object.entries(metadata).filter(([name]) => name !== failureMetadata)
  return shown.length === 0 ? {} : { metadata: Object.fromEntries(shown) }
}
