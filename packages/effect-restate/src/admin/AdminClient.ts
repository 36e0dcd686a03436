import type { Effect, Option, Redacted, Schema } from "effect"
import type { UnreadableAnswer } from "../http/UnreadableAnswer.ts"
import type { AdminConflict, AdminNotFound, AdminRefused, AdminUnavailable } from "./AdminError.ts"
import type { Deployment, RegisteredDeployment, RegisteredService } from "./Deployment.ts"
import type { InvocationInfo, InvocationStatus } from "./InvocationInfo.ts"

/** How every question to the admin API may fail. */
export type AdminFailure = AdminUnavailable | AdminRefused | UnreadableAnswer

export interface InvocationFilter {
  readonly service?: string
  readonly handler?: string
  /** Of an object or a workflow. */
  readonly key?: string
  readonly idempotencyKey?: string
  /** Any of these. Default: every status, also `completed`. */
  readonly status?: ReadonlyArray<InvocationStatus>
  /** The last of the page before. */
  readonly after?: Pick<InvocationInfo, "id" | "createdAt">
  /** Most rows of a page. Default 100. */
  readonly limit?: number
}

/** `latest`: the newest deployment of the service; `keep`, the default: the one it is pinned to; or a deployment's id. */
export type ResumeOn = "latest" | "keep" | { readonly deploymentId: string }

export interface Registration {
  /** Where the endpoint listens, as seen by the server. */
  readonly uri: string
  /** Replaces a deployment with the same uri. What runs on it may not be able to go on. Default false. */
  readonly force?: boolean
  /** Accepts services that are incompatible with their registered revision. Default false. */
  readonly breaking?: boolean
  /** For an endpoint that does not speak HTTP/2. Default false. */
  readonly useHttp11?: boolean
  /** Sent to the endpoint with every request. */
  readonly headers?: Readonly<Record<string, string | Redacted.Redacted>>
}

/**
 * Restate's admin API. It decides about every caller's invocations: a program that reaches it may read inputs and end what runs. Every
 * operation on one invocation is safe to repeat.
 */
export interface AdminClient {
  /**
   * Rows of Restate's SQL introspection, decoded. A query goes through the whole table unless it names an invocation's id: give it a
   * `LIMIT`. Values of the query belong into `sqlText`.
   */
  readonly query: <A, I>(sql: string, row: Schema.Schema<A, I>) => Effect.Effect<ReadonlyArray<A>, AdminFailure>
  /** One page of invocations, the oldest first. */
  readonly invocations: (filter?: InvocationFilter) => Effect.Effect<ReadonlyArray<InvocationInfo>, AdminFailure>
  readonly invocation: (id: string) => Effect.Effect<Option.Option<InvocationInfo>, AdminFailure>
  /** Asks for a cancellation and does not wait for it: the invocation compensates. `AdminConflict` when it is over. */
  readonly cancel: (id: string) => Effect.Effect<void, AdminFailure | AdminNotFound | AdminConflict>
  /** Ends the invocation as failed, with what it called. No undo runs. `AdminConflict` when it is over. */
  readonly kill: (id: string) => Effect.Effect<void, AdminFailure | AdminNotFound | AdminConflict>
  /** The attempt that runs ends at its next wait, and no other starts before `resume`. Changes nothing about a suspended invocation. */
  readonly pause: (id: string) => Effect.Effect<void, AdminFailure | AdminNotFound | AdminConflict>
  /** Starts an attempt of what is paused, suspended or waits for its next try. */
  readonly resume: (id: string, on?: ResumeOn) => Effect.Effect<void, AdminFailure | AdminNotFound | AdminConflict>
  /** Makes Restate forget an invocation that is over, with its result and its idempotency key. */
  readonly purge: (id: string) => Effect.Effect<void, AdminFailure | AdminNotFound | AdminConflict>
  /** All registered deployments: the API has no pages. */
  readonly deployments: Effect.Effect<ReadonlyArray<Deployment>, AdminFailure>
  /** All services of the registered deployments, each as its newest deployment serves it. */
  readonly services: Effect.Effect<ReadonlyArray<RegisteredService>, AdminFailure>
  /** Succeeds when the admin API answers. */
  readonly health: Effect.Effect<void, AdminFailure>
  /** The version of the server, such as `1.7.12`. */
  readonly version: Effect.Effect<string, AdminFailure>
  /**
   * Lets Restate discover an endpoint: new invocations of its services go there. Repeating it answers with the same deployment.
   * An endpoint that Restate cannot reach is `AdminUnavailable`.
   */
  readonly register: (
    registration: Registration
  ) => Effect.Effect<RegisteredDeployment, AdminFailure | AdminNotFound | AdminConflict>
  /** Takes a deployment out of Restate. Invocations that are pinned to it cannot go on. */
  readonly removeDeployment: (id: string) => Effect.Effect<void, AdminFailure | AdminNotFound | AdminConflict>
}
