import { SchemaAST } from "effect"

/** Annotation of an error's schema: the HTTP status with which it ends an invocation. */
export const HttpStatusId: unique symbol = Symbol.for("effect-restate/HttpStatus")

/** Where @effect/platform's HttpApi keeps the status of an error, so that one annotation serves both. */
const PlatformStatusId: unique symbol = Symbol.for("@effect/platform/HttpApiSchema/AnnotationStatus")

/** For `Schema.annotations` and the annotations of a tagged error: a failure of this schema ends its invocation with this status. */
export const httpStatus = (status: number): { readonly [HttpStatusId]: number } => ({ [HttpStatusId]: status })

/** A class keeps its annotations on the side of its instances. */
export const annotationsOf = (ast: SchemaAST.AST): SchemaAST.Annotations =>
  SchemaAST.isTransformation(ast) ? { ...ast.to.annotations, ...ast.annotations } : ast.annotations

/** The status that the schema declares, with `httpStatus` or @effect/platform's `HttpApiSchema.annotations`; else 500. */
export const httpStatusOf = (ast: SchemaAST.AST): number => {
  const annotations = annotationsOf(ast)
  const declared = annotations[HttpStatusId] ?? annotations[PlatformStatusId]
  return typeof declared === "number" ? declared : 500
}
