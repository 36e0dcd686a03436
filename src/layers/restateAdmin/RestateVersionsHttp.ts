import { HttpClientRequest } from "@effect/platform"
import { Array as Arr, Duration, Effect, Layer, Order, Schema } from "effect"
import type { RestateAdminError } from "../../services/RestateAdmin.ts"
import { type RegisteredVersion, RestateVersions } from "../../services/RestateVersions.ts"
import type { OutboundHttp } from "../outbound/OutboundHttp.ts"
import { call, makeAdminClient, query, type RestateAdminOptions } from "./AdminClient.ts"

const metadataTimeout = Duration.seconds(5)
// The query scans every invocation that Restate retains, completed ones included.
const countTimeout = Duration.seconds(30)

const Deployments = Schema.Struct({
  deployments: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      uri: Schema.optional(Schema.String),
      arn: Schema.optional(Schema.String),
      created_at: Schema.String,
      services: Schema.Array(Schema.Struct({ name: Schema.String }))
    })
  )
})
const Services = Schema.Struct({
  services: Schema.Array(Schema.Struct({ name: Schema.String, deployment_id: Schema.String }))
})
const Bound = Schema.Struct({ deployment: Schema.String, unfinished: Schema.Number })

// Restate pins an invocation with its first journal entry; before that only its attempt names a deployment.
const bound = "COALESCE(pinned_deployment_id, last_attempt_deployment_id)"
const unfinishedQuery = `SELECT ${bound} AS deployment, COUNT(*) AS unfinished FROM sys_invocation WHERE status <> 'completed' AND ${bound} IS NOT NULL GROUP BY ${bound}`

const newestFirst = Order.reverse(Order.mapInput(Order.string, (version: RegisteredVersion) => version.createdAt))

/** Complete lists, because the admin API is not paged. Newest first. */
export const registeredVersions = (
  send: OutboundHttp
): Effect.Effect<ReadonlyArray<RegisteredVersion>, RestateAdminError> =>
  Effect.gen(function* () {
    const { deployments } = yield* call(send, {
      operation: "list deployments",
      request: HttpClientRequest.get("/deployments"),
      answer: Deployments,
      timeout: metadataTimeout
    })
    const { services } = yield* call(send, {
      operation: "list services",
      request: HttpClientRequest.get("/services"),
      answer: Services,
      timeout: metadataTimeout
    })
    const versions = deployments.map(
      ({ arn, created_at: createdAt, id, services: own, uri }): RegisteredVersion => ({
        id,
        address: uri ?? arn ?? "",
        createdAt,
        services: own.map(({ name }) => name),
        newestOn: services.filter(({ deployment_id }) => deployment_id === id).map(({ name }) => name)
      })
    )
    return Arr.sort(versions, newestFirst)
  })

/** Restate's admin API over HTTP. */
export const RestateVersionsHttpLive = (options: RestateAdminOptions): Layer.Layer<RestateVersions> =>
  Layer.scoped(
    RestateVersions,
    Effect.map(makeAdminClient(options), (send) =>
      RestateVersions.of({
        registered: registeredVersions(send),
        unfinished: Effect.map(
          query(send, { operation: "count unfinished", sql: unfinishedQuery, row: Bound, timeout: countTimeout }),
          (rows) => new Map(rows.map(({ deployment, unfinished }) => [deployment, unfinished]))
        ),
        remove: (id) =>
          call(send, {
            operation: "remove deployment",
            request: HttpClientRequest.del(`/deployments/${encodeURIComponent(id)}`).pipe(
              HttpClientRequest.setUrlParam("force", "true")
            ),
            answer: Schema.Unknown,
            timeout: metadataTimeout
          }).pipe(
            Effect.catchIf(
              ({ status }) => status === 404,
              () => Effect.void
            ),
            Effect.asVoid
          )
      })
    )
  )
