import { Context, type Effect, Schema } from "effect"

const Reason = Schema.Literal(
  "unreachable",
  "timeout",
  "unavailable",
  "conflict",
  "refused",
  "unexpected-answer",
  "stale"
)

const retryable: ReadonlyArray<typeof Reason.Type> = ["unreachable", "timeout", "unavailable"]

const newUri =
  "register this version under a URI of its own, or set restate.force_registration once no invocation is pinned to the old one"

const advice: Readonly<Record<typeof Reason.Type, string>> = {
  unreachable: "check restate.admin_url and that Restate runs",
  timeout: "check that Restate and the URI to register answer",
  unavailable: "Restate or the URI to register is not up yet",
  conflict: newUri,
  refused: "check restate.api_key and restate.register_as",
  "unexpected-answer": "check that restate.admin_url is Restate's admin address",
  stale: newUri
}

/** What Restate's admin API did not do. `detail` is Restate's own message, shortened; requests are never quoted. */
export class RestateAdminError extends Schema.TaggedError<RestateAdminError>()("RestateAdminError", {
  operation: Schema.String,
  reason: Reason,
  status: Schema.optional(Schema.Number),
  detail: Schema.String
}) {
  /** `retry`: the same call may succeed later. `needs-person`: it cannot until somebody changes something. */
  get class(): "retry" | "needs-person" {
    return retryable.includes(this.reason) ? "retry" : "needs-person"
  }

  override get message(): string {
    const status = this.status === undefined ? "" : ` ${this.status}`
    return `Restate admin ${this.operation}: ${this.reason}${status}: ${this.detail} (${advice[this.reason]})`
  }
}

export interface Registration {
  readonly uri: string
  /** Replaces what is registered at this URI, also under the open invocations that are pinned to it. */
  readonly force: boolean
  /** What this process serves, as `Service/handler`; when given, Restate's own list is checked against it. */
  readonly handlers?: ReadonlyArray<string>
}

export interface RegisteredDeployment {
  readonly id: string
  /** `Service/handler`, as Restate knows them. */
  readonly handlers: ReadonlyArray<string>
}

/**
 * Restate asks a URI for its handlers only when the URI is new or the registration is forced; otherwise it answers with
 * what it knew. Handlers we serve and it does not know would never be called.
 */
export const unknownHandlers = (served: ReadonlyArray<string>, known: ReadonlyArray<string>): ReadonlyArray<string> =>
  served.filter((handler) => !known.includes(handler))

/** What Restate has of one address of ours. */
export interface AddressState {
  readonly isRegistered: boolean
  /** Services of that address whose new invocations go to another one, with that one. */
  readonly elsewhere: ReadonlyArray<{ readonly service: string; readonly address: string }>
}

/** The part of Restate's admin API that a worker needs. Every operation may be repeated. */
export class RestateAdmin extends Context.Tag("ctrl-worker/RestateAdmin")<
  RestateAdmin,
  {
    /**
     * Makes this worker known: 10 attempts, 5 s apart, for failures that can pass. Fails as `stale` when Restate keeps
     * an older list of handlers for this URI, as `conflict` when it refuses to replace it.
     */
    readonly register: (registration: Registration) => Effect.Effect<RegisteredDeployment, RestateAdminError>
    /** Whether Restate knows that address, and what it sends elsewhere all the same. */
    readonly stateOf: (uri: string) => Effect.Effect<AddressState, RestateAdminError>
    readonly health: Effect.Effect<void, RestateAdminError>
    /** Of the server, such as `1.7.12`. */
    readonly version: Effect.Effect<string, RestateAdminError>
  }
>() {}
