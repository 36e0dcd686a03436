import type { Schema } from "effect"

// biome-ignore-start lint/suspicious/noExplicitAny: Schema is invariant in both sides, so no narrower wildcard accepts every codec
/** Any codec that needs no services. `Schema.Never` fits the last members only. */
export type AnySchema =
  | Schema.Schema<any, any, never>
  | Schema.Schema<any, never, never>
  | Schema.Schema<never, any, never>
  | Schema.Schema<never, never, never>

/** A codec of A whose encoded side does not matter to the caller. */
export type SchemaOf<A> = Schema.Schema<A, any, never>
// biome-ignore-end lint/suspicious/noExplicitAny: ends the wildcards

/** A codec seen from where its types are not known: what goes in and comes out is `unknown`. */
export const opaque = (schema: AnySchema): Schema.Schema<unknown, unknown> =>
  // The members of AnySchema differ in their types only; encoding and decoding check values at run time.
  schema as unknown as Schema.Schema<unknown, unknown>

/** `exclusive` handlers hold their object's key, one at a time; `shared` ones run beside each other and only read state. */
export type HandlerMode = "exclusive" | "shared"

/** One handler as its callers see it. `error` holds every failure that reaches a caller as itself. */
export interface HandlerContract {
  readonly input: AnySchema
  readonly output: AnySchema
  readonly error: AnySchema
  readonly mode: HandlerMode
  /** `private` handlers are called by other services only; the ingress refuses them. */
  readonly ingress: "public" | "private"
}

/**
 * A keyed virtual object as a plain value. The same value implements the handlers, types the calls and sends,
 * publishes JSON Schema through discovery and types an ingress client.
 */
export interface Contract {
  readonly name: string
  readonly handlers: Readonly<Record<string, HandlerContract>>
}

export type HandlerName<C extends Contract> = keyof C["handlers"] & string
export type Input<C extends Contract, H extends HandlerName<C>> = Schema.Schema.Type<C["handlers"][H]["input"]>
export type Output<C extends Contract, H extends HandlerName<C>> = Schema.Schema.Type<C["handlers"][H]["output"]>
export type Failure<C extends Contract, H extends HandlerName<C>> = Schema.Schema.Type<C["handlers"][H]["error"]>
