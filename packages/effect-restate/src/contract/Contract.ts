import { Context, Schema } from "effect"

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

/**
 * `object`: a virtual object, with state under each key. `service`: handlers without key and state. `workflow`: an object whose
 * `run` is executed once per key, which is the workflow's id.
 */
export type ContractKind = "object" | "service" | "workflow"

/**
 * `exclusive` handlers hold their object's key, one at a time; `shared` ones run beside each other and only read state. `run` of
 * a workflow is exclusive; everything else in a workflow, and all of a service, is shared.
 */
export type HandlerMode = "exclusive" | "shared"

/** `private` handlers are called by other services only; the ingress refuses them. */
export type IngressAccess = "public" | "private"

/** One handler as its callers see it. `error` holds every failure that reaches a caller as itself. */
export interface HandlerContract {
  readonly input: AnySchema
  readonly output: AnySchema
  readonly error: AnySchema
  readonly mode: HandlerMode
  readonly ingress: IngressAccess
  /** What the contract's readers attached to the handler. Neither Restate nor callers see it, and nothing of it is enforced. */
  readonly annotations: Context.Context<never>
}

/**
 * A virtual object, a service or a workflow as a plain value. The same value implements the handlers, types the calls and sends,
 * publishes JSON Schema through discovery and types an ingress client.
 */
export interface Contract<
  Kind extends ContractKind = ContractKind,
  Name extends string = string,
  Handlers extends Readonly<Record<string, HandlerContract>> = Readonly<Record<string, HandlerContract>>
> {
  readonly kind: Kind
  readonly name: Name
  readonly handlers: Handlers
}

/** A contract whose handlers run under a key: an object, or a workflow under its id. */
export type KeyedContract = Contract<"object" | "workflow">

export type HandlerName<C extends Contract> = keyof C["handlers"] & string
export type Input<C extends Contract, H extends HandlerName<C>> = Schema.Schema.Type<C["handlers"][H]["input"]>
export type Output<C extends Contract, H extends HandlerName<C>> = Schema.Schema.Type<C["handlers"][H]["output"]>
export type Failure<C extends Contract, H extends HandlerName<C>> = Schema.Schema.Type<C["handlers"][H]["error"]>

/** What a handler's declaration may leave out: nothing goes in or out, nothing fails, and the ingress may call it. */
export interface HandlerDeclaration {
  /** Default `Schema.Void`. */
  readonly input?: AnySchema
  /** Default `Schema.Void`. */
  readonly output?: AnySchema
  /** Default `Schema.Never`. */
  readonly error?: AnySchema
  /** Default `public`. */
  readonly ingress?: IngressAccess
  /**
   * Values for code that reads the contract, such as a deadline that monitoring compares with. Restate and callers do not see
   * them, and the kit enforces nothing. Default empty.
   */
  readonly annotations?: Context.Context<never>
}

export interface ObjectHandlerDeclaration extends HandlerDeclaration {
  /** Default `exclusive`. */
  readonly mode?: HandlerMode
}

interface Defaults {
  readonly input: typeof Schema.Void
  readonly output: typeof Schema.Void
  readonly error: typeof Schema.Never
  readonly ingress: "public"
}

type Declared<D, Mode extends HandlerMode> = {
  readonly input: D extends { readonly input: infer S extends AnySchema } ? S : Defaults["input"]
  readonly output: D extends { readonly output: infer S extends AnySchema } ? S : Defaults["output"]
  readonly error: D extends { readonly error: infer S extends AnySchema } ? S : Defaults["error"]
  readonly ingress: D extends { readonly ingress: infer I extends IngressAccess } ? I : Defaults["ingress"]
  readonly mode: Mode
  readonly annotations: Context.Context<never>
}

type ModeOf<D> = D extends { readonly mode: infer M extends HandlerMode } ? M : "exclusive"

/** Refuses what no declaration has, which a misspelt name would be: it would silently mean the default. */
type Exact<Declarations, Declaration> = {
  readonly [H in keyof Declarations]: { readonly [P in Exclude<keyof Declarations[H], keyof Declaration>]: never }
}

export type ObjectContract<Name extends string, Declarations> = Contract<
  "object",
  Name,
  { readonly [H in keyof Declarations & string]: Declared<Declarations[H], ModeOf<Declarations[H]>> }
>

export type ServiceContract<Name extends string, Declarations> = Contract<
  "service",
  Name,
  { readonly [H in keyof Declarations & string]: Declared<Declarations[H], "shared"> }
>

export type WorkflowContract<Name extends string, Declarations> = Contract<
  "workflow",
  Name,
  { readonly [H in keyof Declarations & string]: Declared<Declarations[H], H extends "run" ? "exclusive" : "shared"> }
>

const declare = (
  kind: ContractKind,
  name: string,
  declarations: Readonly<Record<string, ObjectHandlerDeclaration>>,
  modeOf: (handler: string, declared: ObjectHandlerDeclaration) => HandlerMode
): Contract => ({
  kind,
  name,
  handlers: Object.fromEntries(
    Object.entries(declarations).map(([handler, declared]) => [
      handler,
      {
        input: declared.input ?? Schema.Void,
        output: declared.output ?? Schema.Void,
        error: declared.error ?? Schema.Never,
        mode: modeOf(handler, declared),
        ingress: declared.ingress ?? "public",
        annotations: declared.annotations ?? Context.empty()
      }
    ])
  )
})

/** Builders of contracts. Names are those that Restate knows: changing one makes another service of it. */
export const Contract = {
  /** A virtual object: its handlers run under a key, which has state. They are `exclusive` unless they say `shared`. */
  object: <const Name extends string, const Declarations extends Readonly<Record<string, ObjectHandlerDeclaration>>>(
    name: Name,
    handlers: Declarations & Exact<Declarations, ObjectHandlerDeclaration>
  ): ObjectContract<Name, Declarations> =>
    // Typed by the declarations, which hold whatever differs from the defaults.
    declare("object", name, handlers, (_, { mode = "exclusive" }) => mode) as ObjectContract<Name, Declarations>,

  /** A service: its handlers have neither key nor state, and all of them run beside each other. */
  service: <const Name extends string, const Declarations extends Readonly<Record<string, HandlerDeclaration>>>(
    name: Name,
    handlers: Declarations & Exact<Declarations, HandlerDeclaration>
  ): ServiceContract<Name, Declarations> =>
    // As above.
    declare("service", name, handlers, () => "shared") as ServiceContract<Name, Declarations>,

  /**
   * A workflow: `run` is executed once per key, the workflow's id, and writes its state. The other handlers run beside it: they
   * read that state, and resolve what `run` waits for.
   */
  workflow: <
    const Name extends string,
    const Declarations extends Readonly<Record<string, HandlerDeclaration>> & { readonly run: HandlerDeclaration }
  >(
    name: Name,
    handlers: Declarations & Exact<Declarations, HandlerDeclaration>
  ): WorkflowContract<Name, Declarations> =>
    // As above.
    declare("workflow", name, handlers, (handler) => (handler === "run" ? "exclusive" : "shared")) as WorkflowContract<
      Name,
      Declarations
    >
}
