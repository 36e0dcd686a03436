import { HttpClientRequest } from "@effect/platform"
import { Array as Arr, Duration, Effect, Layer, Schedule, Schema } from "effect"
import { type Registration, RestateAdmin, RestateAdminError, unknownHandlers } from "../services/RestateAdmin.ts"
import { stateOfAddress } from "../services/RestateVersions.ts"
import type { OutboundHttp } from "./outbound/OutboundHttp.ts"
import { call, makeAdminClient, type RestateAdminOptions, shorten } from "./restateAdmin/AdminClient.ts"
import { registeredVersions } from "./restateAdmin/RestateVersionsHttp.ts"

// During registration Restate calls the worker back for discovery, so it can take as long as a slow start.
const registerTimeout = Duration.seconds(30)
const queryTimeout = Duration.seconds(5)

// A worker and its Restate often start together: 45 s is enough for either to come up. After that a restart is better.
const registerRetry = Schedule.intersect(Schedule.spaced(Duration.seconds(5)), Schedule.recurs(9))

const Deployment = Schema.Struct({
  id: Schema.String,
  services: Schema.Array(
    Schema.Struct({ name: Schema.String, handlers: Schema.Array(Schema.Struct({ name: Schema.String })) })
  )
})
const Version = Schema.Struct({ version: Schema.String })

const registerOnce = (send: OutboundHttp, { uri, force, handlers = [] }: Registration) =>
  Effect.gen(function* () {
    const { id, services } = yield* call(send, {
      operation: "register",
      request: HttpClientRequest.post("/deployments").pipe(HttpClientRequest.bodyUnsafeJson({ uri, force })),
      answer: Deployment,
      timeout: registerTimeout
    })
    const known = Arr.flatMap(services, (service) =>
      service.handlers.map((handler) => `${service.name}/${handler.name}`)
    )
    const unknown = unknownHandlers(handlers, known)
    return Arr.isNonEmptyReadonlyArray(unknown)
      ? yield* new RestateAdminError({
          operation: "register",
          reason: "stale",
          detail: shorten(`the URI is registered with an older list of handlers, without ${unknown.join(", ")}`)
        })
      : { id, handlers: known }
  })

const make = (options: RestateAdminOptions) =>
  Effect.map(makeAdminClient(options), (send) =>
    RestateAdmin.of({
      register: Effect.fn("RestateAdmin.register")((registration) =>
        registerOnce(send, registration).pipe(
          Effect.tapError((error) =>
            Effect.when(
              Effect.logWarning("Registration with Restate will be tried again", { problem: error.message }),
              () => error.class === "retry"
            )
          ),
          Effect.retry({ schedule: registerRetry, while: (error) => error.class === "retry" })
        )
      ),
      stateOf: (uri) => Effect.map(registeredVersions(send), (versions) => stateOfAddress(uri, versions)),
      health: Effect.asVoid(
        call(send, {
          operation: "health",
          request: HttpClientRequest.get("/health"),
          answer: Schema.Unknown,
          timeout: queryTimeout
        })
      ),
      version: Effect.map(
        call(send, {
          operation: "version",
          request: HttpClientRequest.get("/version"),
          answer: Version,
          timeout: queryTimeout
        }),
        ({ version }) => version
      )
    })
  )

/** Restate's admin API over HTTP. */
export const RestateAdminHttpLive = (options: RestateAdminOptions): Layer.Layer<RestateAdmin> =>
  Layer.scoped(RestateAdmin, make(options))
