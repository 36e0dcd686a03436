import { Option, type SchemaAST } from "effect"
import { annotationsOf } from "./httpStatus.ts"

/** Annotation of an error's schema: what Restate shows of a failure beside its status and message. */
export const PublicMetadataId: unique symbol = Symbol.for("effect-restate/PublicMetadata")

type Metadata = Readonly<Record<string, string>>

/**
 * For the annotations of a tagged error, beside `httpStatus`: metadata that a failure of this schema ends its invocation with. Every
 * caller sees it: in the answer of the ingress, and as `metadata` of `CallFailed`. The fields of a failure need no annotation:
 * they reach the callers that declare its class.
 */
export const publicMetadata = <E>(
  of: (failure: E) => Metadata
): { readonly [PublicMetadataId]: (failure: E) => Metadata } => ({
  [PublicMetadataId]: of
})

const noMetadata: Metadata = {}

/** The metadata that the schema declares for a failure. None when its function throws. */
export const publicMetadataOf = (ast: SchemaAST.AST, failure: unknown): Option.Option<Metadata> => {
  const declared = annotationsOf(ast)[PublicMetadataId]
  if (typeof declared !== "function") return Option.some(noMetadata)
  // Annotated by publicMetadata, for failures of this schema.
  return Option.liftThrowable(declared as (failure: unknown) => Metadata)(failure)
}
