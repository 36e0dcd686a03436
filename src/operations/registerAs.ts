import { Duration, Effect, Ref } from "effect"
import { Health, HealthCheckFailed } from "./Health.ts"
import { type AddressState, RestateAdmin } from "./RestateAdmin.ts"
import { describeElsewhere } from "./RestateVersions.ts"

/** Below the timeout of each readiness check. */
const askedWithin = Duration.millis(400)

/** Two checks of one readiness request share an answer. */
const sharedFor = Duration.millis(500)

/** Assumed when the admin API does not answer: its outage alone must not make every worker unready. */
const unknown: AddressState = { isRegistered: true, elsewhere: [] }

const wayOut =
  "register this version under an address of its own, or set restate.force_registration once no invocation is pinned to the old one"

/** At a start this is an error, such as an old version at its old address; later it is an upgrade. */
const tell = (uri: string, state: AddressState, isStart: boolean) => {
  const details = { uri, problem: describeElsewhere(state), services: state.elsewhere.map(({ service }) => service) }
  return isStart
    ? Effect.logError("Registered, but Restate sends new invocations to another deployment", {
        ...details,
        way_out: wayOut
      })
    : Effect.logInfo("Restate now sends new invocations to another version", details)
}

/** What Restate calls this worker by. */
interface Registration {
  readonly uri: string
  /** Replaces another deployment with this URI. */
  readonly force: boolean
  /** The served handlers, as `Service/handler`. */
  readonly handlers: ReadonlyArray<string>
}

/**
 * Restate only calls registered workers, so a worker that registers itself is not ready before, nor when Restate no
 * longer knows it. If Restate sends new invocations to another version, the worker stays ready, because it has
 * invocations to finish; readiness shows that as well, and the change is logged.
 */
export const registerAs = ({ force, handlers, uri }: Registration) =>
  Effect.gen(function* () {
    const health = yield* Health
    const admin = yield* RestateAdmin
    const { id } = yield* admin.register({ uri, force, handlers })
    yield* Effect.logInfo("Registered with Restate", { uri, deployment: id })

    const first = yield* Effect.orElseSucceed(admin.stateOf(uri), () => unknown)
    const wasElsewhere = yield* Ref.make(first.elsewhere.length > 0)
    if (first.elsewhere.length > 0) yield* tell(uri, first, true)

    const state = yield* Effect.cachedWithTTL(
      admin.stateOf(uri).pipe(
        Effect.timeout(askedWithin),
        Effect.orElseSucceed(() => unknown)
      ),
      sharedFor
    )
    yield* health.register(
      "restate",
      Effect.flatMap(state, ({ isRegistered }) =>
        isRegistered ? Effect.void : new HealthCheckFailed({ reason: "not registered" })
      )
    )
    yield* health.registerInformational(
      "new work",
      Effect.gen(function* () {
        const now = yield* state
        const isElsewhere = now.elsewhere.length > 0
        if (isElsewhere && !(yield* Ref.getAndSet(wasElsewhere, isElsewhere))) yield* tell(uri, now, false)
        if (isElsewhere) return yield* new HealthCheckFailed({ reason: describeElsewhere(now) })
      })
    )
  })
