import type { Schema } from "effect"

// The wildcard of a schema position: a codec whose types are read back with Schema.Type and Schema.Encoded.
// biome-ignore lint/suspicious/noExplicitAny: Schema is invariant in both parameters, so no narrower wildcard accepts every codec
export type AnySchema = Schema.Schema<any, any, never>

/** A codec of A whose encoded side does not matter to the caller. */
// biome-ignore lint/suspicious/noExplicitAny: Schema is invariant in its encoded side
export type SchemaOf<A> = Schema.Schema<A, any, never>

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
