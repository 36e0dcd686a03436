import { Array as Arr, Duration, Effect, Layer, Schedule } from "effect"
import type { AdminClient } from "effect-restate/admin"
import { type Registration, RestateAdmin, RestateAdminError, unknownHandlers } from "../../operations/RestateAdmin.ts"
import { stateOfAddress } from "../../operations/RestateVersions.ts"
import { shortened } from "../../text/codePoints.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"
import { registeredVersions } from "./RestateVersionsHttp.ts"

// During registration Restate calls the worker back for discovery, so it can take as long as a slow start.
const registerTimeout = Duration.seconds(30)
const queryTimeout = Duration.seconds(5)
const maxDetail = 300

// A worker and its Restate often start together: 45 s is enough for either to come up. After that a restart is better.
const registerRetry = Schedule.intersect(Schedule.spaced(Duration.seconds(5)), Schedule.recurs(9))

const registerOnce = (admin: AdminClient, { force, handlers = [], uri }: Registration) =>
  Effect.gen(function* () {
    const { id, services } = yield* asked("register", registerTimeout)(admin.register({ uri, force }))
    const known = Arr.flatMap(services, (service) =>
      service.handlers.map((handler) => `${service.name}/${handler.name}`)
    )
    const unknown = unknownHandlers(handlers, known)
    return Arr.isNonEmptyReadonlyArray(unknown)
      ? yield* new RestateAdminError({
          operation: "register",
          reason: "stale",
          detail: shortened(
            `the URI is registered with an older list of handlers, without ${unknown.join(", ")}`,
            maxDetail
          )
        })
      : { id, handlers: known }
  })

const make = (options: RestateAdminOptions) =>
  Effect.map(makeAdminClient(options), (admin) =>
    RestateAdmin.of({
      register: Effect.fn("RestateAdmin.register")((registration) =>
        registerOnce(admin, registration).pipe(
          Effect.tapError((error) =>
            Effect.when(
              Effect.logWarning("Registration with Restate will be tried again", { problem: error.message }),
              () => error.class === "retry"
            )
          ),
          Effect.retry({ schedule: registerRetry, while: (error) => error.class === "retry" })
        )
      ),
      stateOf: (uri) => Effect.map(registeredVersions(admin), (versions) => stateOfAddress(uri, versions)),
      health: asked("health", queryTimeout)(admin.health),
      version: asked("version", queryTimeout)(admin.version)
    })
  )

/** Restate's admin API over HTTP. */
export const RestateAdminHttpLive = (options: RestateAdminOptions): Layer.Layer<RestateAdmin> =>
  Layer.scoped(RestateAdmin, make(options))
