import type { Contract } from "./Contract.ts"

/** What was asked for in a scope is found in it only. */
interface InScope {
  readonly scope?: string
}
interface ByInvocationId {
  readonly invocationId: string
}
interface ByKey extends InScope {
  readonly key: string
  readonly idempotencyKey: string
}
interface ByIdempotencyKey extends InScope {
  readonly idempotencyKey: string
}
interface ByWorkflowId extends InScope {
  readonly workflowId: string
}

/**
 * An invocation of a handler: by its id, or by what it was asked for with, and in which scope. The run of a workflow is known by
 * the workflow's id, and has no idempotency key.
 */
export type InvocationRef<C extends Contract = Contract, H extends string = string> =
  | ByInvocationId
  | (C["kind"] extends "service" ? ByIdempotencyKey : H extends RunOf<C> ? ByWorkflowId : ByKey)

type RunOf<C extends Contract> = C["kind"] extends "workflow" ? "run" : never

/** How an invocation may be named, whatever its contract. */
export type AnyInvocationRef = ByInvocationId | ByKey | ByIdempotencyKey | ByWorkflowId
