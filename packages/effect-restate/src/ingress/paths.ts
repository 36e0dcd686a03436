import type { Contract } from "../contract/Contract.ts"
import type { AnyInvocationRef } from "../contract/InvocationRef.ts"
import type { HttpRequest } from "../http/exchange.ts"

/** A service has no key. */
export const pathOf = ({ kind, name }: Contract, key: string, handler: string): string =>
  kind === "service" ? `${name}/${handler}` : `${name}/${encodeURIComponent(key)}/${handler}`

/** Paths without a scope are those that servers before 1.7 know too. */
export const callPath = (path: string, scope: string | undefined): string =>
  scope === undefined ? path : `restate/scope/${encodeURIComponent(scope)}/call/${path}`

export const sendPath = (path: string, scope: string | undefined): string =>
  scope === undefined ? `${path}/send` : `restate/scope/${encodeURIComponent(scope)}/send/${path}`

/**
 * The request for the end of an invocation, or for its output so far. Paths can say most of it, also to servers before 1.7. They have no
 * place for a scope, and Restate does not decode an idempotency key in them: both go into a body.
 */
export const invocationRequest = (
  what: "attach" | "output",
  contract: Contract,
  handler: string,
  ref: AnyInvocationRef
): HttpRequest & { readonly target: string } => {
  const target = targetPath(contract, handler, ref)
  const body = bodyOf(contract, handler, ref)
  return body === undefined
    ? { method: "GET", path: `${target}/${what}`, target }
    : { method: "POST", path: `restate/${what}`, body: new TextEncoder().encode(JSON.stringify(body)), target }
}

const targetPath = (contract: Contract, handler: string, ref: AnyInvocationRef): string => {
  if ("invocationId" in ref) return `restate/invocation/${encodeURIComponent(ref.invocationId)}`
  if ("workflowId" in ref) return `restate/workflow/${contract.name}/${encodeURIComponent(ref.workflowId)}`
  const key = "key" in ref ? ref.key : ""
  return `restate/invocation/${pathOf(contract, key, handler)}/${encodeURIComponent(ref.idempotencyKey)}`
}

/** The body that says what the path cannot. Members that are undefined are left out of the JSON. */
const bodyOf = ({ kind, name }: Contract, handler: string, ref: AnyInvocationRef): object | undefined => {
  if ("invocationId" in ref) return undefined
  const { scope } = ref
  if ("workflowId" in ref)
    return scope === undefined
      ? undefined
      : { target: "workflow", scope, workflowName: name, workflowKey: ref.workflowId }
  const { idempotencyKey } = ref
  if (scope === undefined && encodeURIComponent(idempotencyKey) === idempotencyKey) return undefined
  const key = kind !== "service" && "key" in ref ? ref.key : undefined
  return { target: "idempotentInvocation", scope, service: name, key, handler, idempotencyKey }
}
