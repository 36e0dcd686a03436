import type { JournalValueCodec } from "@restatedev/restate-sdk"
import { Duration, Effect, Schedule, Schema, type Scope } from "effect"
import { sdkLogger } from "../attempt/SdkLogger.ts"
import type { SdkDefinition } from "../attempt/sdkDefinition.ts"
import { type ConnectionBounds, defaultBounds } from "./ConnectionBounds.ts"
import { type Beside, Listener } from "./Listener.ts"
import { countRefusals } from "./Refusals.ts"
import type { StepsInFlight } from "./StepsInFlight.ts"

export interface EndpointOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Public keys (`publickeyv1_...`) of the servers that may call. Empty: anyone who reaches the port may. */
  readonly identityKeys: ReadonlyArray<string>
  /** How long running steps may take to end once the endpoint closes. Zero cuts every connection at once. */
  readonly drain: Duration.DurationInput
  /** Paths that are answered by something else on the same port, such as health probes. */
  readonly beside?: Beside
  /**
   * What inputs, outputs, state, results of steps and values of awakeables go through on their way to Restate and back, such as
   * encryption. Names, keys and failures do not. Changing it makes what is stored unreadable; experimental in the SDK.
   */
  readonly codec?: JournalValueCodec
  /** How many attempts wait for a place, whenever that changes. */
  readonly onWaiting?: (count: number) => void
  /** What differs from `defaultBounds`. */
  readonly bounds?: Partial<ConnectionBounds>
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** The port could not be opened. */
export class EndpointUnavailable extends Schema.TaggedError<EndpointUnavailable>()("EndpointUnavailable", {
  host: Schema.String,
  port: Schema.Number,
  code: Schema.String
}) {
  override get message(): string {
    return `cannot listen on ${this.host}:${this.port}: ${this.code}`
  }
}

const pollInterval = Duration.millis(20)
/** What an attempt wrote last needs a moment to reach the server. */
const quietPolls = 5

/** Every interface, the port that Restate's documentation uses, and a drain below the 30 s that Kubernetes waits for a pod. */
export const defaultEndpoint: EndpointOptions = { host: "0.0.0.0", port: 9080, identityKeys: [], drain: "25 seconds" }

/**
 * Serves the definitions to Restate on one port, over HTTP/2 without TLS and HTTP/1.1, and probes over both. Connections, streams and
 * heads are bounded, and attempts beyond their bound wait; requests that the SDK refuses are answered, not read, and counted in the
 * log once a minute. When the scope closes
 * it sends GOAWAY and suspends every attempt: at once where it waits, after its step where one runs. What has not ended
 * within the drain bound is cut, and Restate repeats it elsewhere. Probes are answered until then.
 */
export const serveEndpoint = (
  services: ReadonlyArray<SdkDefinition>,
  steps: StepsInFlight,
  options: EndpointOptions
): Effect.Effect<Address, EndpointUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const refusals = yield* countRefusals(yield* sdkLogger)
    const { beside, codec, identityKeys, onWaiting = () => {} } = options
    const bounds = { ...defaultBounds, ...options.bounds }
    const listener = yield* Effect.acquireRelease(
      Effect.suspend(() =>
        listen(new Listener({ services, identityKeys, codec, beside, bounds, refusals, onWaiting }), options)
      ),
      (opened) => drain(opened, steps, options.drain)
    )
    return { host: options.host, port: listener.port }
  })

const listen = (listener: Listener, options: EndpointOptions): Effect.Effect<Listener, EndpointUnavailable> =>
  Effect.async((resume) => {
    const { host, port } = options
    const refuse = (error: NodeJS.ErrnoException): void =>
      resume(Effect.fail(new EndpointUnavailable({ host, port, code: error.code ?? error.name })))
    listener.server.once("error", refuse)
    listener.server.listen(port, host, () => {
      listener.server.off("error", refuse)
      resume(Effect.succeed(listener))
    })
  })

const drain = (listener: Listener, steps: StepsInFlight, bound: Duration.DurationInput): Effect.Effect<void> =>
  Effect.suspend(() => {
    listener.refuseWork()
    let quiet = 0
    const idle = Effect.sync(() => {
      // A step may outlive the connection of its attempt.
      quiet = steps.count === 0 && listener.requests.size === 0 ? quiet + 1 : 0
      return listener.sessions.size === 0 || quiet >= quietPolls
    })
    return Effect.repeat(idle, { until: (done) => done, schedule: Schedule.spaced(pollInterval) }).pipe(
      // A finalizer cannot be interrupted, so what the bound must cut short has to allow it.
      Effect.interruptible,
      Effect.timeoutOption(bound),
      Effect.zipRight(Effect.sync(() => listener.cut()))
    )
  })
