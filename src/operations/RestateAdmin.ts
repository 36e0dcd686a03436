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

/** A failed call of Restate's admin API. `detail` is Restate's own message, shortened; it does not quote the request. */
export class RestateAdminError extends Schema.TaggedError<RestateAdminError>()("RestateAdminError", {
  operation: Schema.String,
  reason: Reason,
  status: Schema.optional(Schema.Number),
  detail: Schema.String
}) {
  /** `retry`: the same call may succeed later. `permanent`: it fails until an operator changes something. */
  get class(): "retry" | "permanent" {
    return retryable.includes(this.reason) ? "retry" : "permanent"
  }

  override get message(): string {
    const status = this.status === undefined ? "" : ` ${this.status}`
    return `Restate admin ${this.operation}: ${this.reason}${status}: ${this.detail} (${advice[this.reason]})`
  }
}

export interface Registration {
  readonly uri: string
  /** Overwrites the deployment registered at this URI, also for invocations pinned to it. */
  readonly force: boolean
  /** The handlers that this process serves, as `Service/handler`; if given, compared with Restate's list. */
  readonly handlers?: ReadonlyArray<string>
}

export interface RegisteredDeployment {
  readonly id: string
  /** `Service/handler`, as registered with Restate. */
  readonly handlers: ReadonlyArray<string>
}

/**
 * Restate discovers the handlers of a URI only if the URI is new or the registration is forced; otherwise it returns the known
 * deployment. Restate would never call a handler that is missing from it.
 */
export const unknownHandlers = (served: ReadonlyArray<string>, known: ReadonlyArray<string>): ReadonlyArray<string> =>
  served.filter((handler) => !known.includes(handler))

/** Registration state of one address of this worker. */
export interface AddressState {
  readonly isRegistered: boolean
  /** Services of that address whose new invocations go to another address, with that address. */
  readonly elsewhere: ReadonlyArray<{ readonly service: string; readonly address: string }>
}

/** The part of Restate's admin API that a worker needs. Every operation is safe to repeat. */
export class RestateAdmin extends Context.Tag("ctrl-worker/RestateAdmin")<
  RestateAdmin,
  {
    /**
     * Registers this worker: 10 attempts, 5 s apart, for transient failures. Fails as `stale` if Restate keeps an older list of
     * handlers for this URI, as `conflict` if it refuses to replace it.
     */
    readonly register: (registration: Registration) => Effect.Effect<RegisteredDeployment, RestateAdminError>
    /** Whether the address is registered, and which of its services route new invocations elsewhere. */
    readonly stateOf: (uri: string) => Effect.Effect<AddressState, RestateAdminError>
    readonly health: Effect.Effect<void, RestateAdminError>
    /** Version of the server, such as `1.7.12`. */
    readonly version: Effect.Effect<string, RestateAdminError>
  }
>() {}
