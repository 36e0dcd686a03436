import { Array as Arr, Duration, Effect, Layer, Order, Schema } from "effect"
import type { AdminClient } from "effect-restate/admin"
import type { RestateAdminError } from "../../operations/RestateAdmin.ts"
import { type RegisteredVersion, RestateVersions } from "../../operations/RestateVersions.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"

const metadataTimeout = Duration.seconds(5)
// The query scans every invocation that Restate retains, completed ones included.
const countTimeout = Duration.seconds(30)

const Bound = Schema.Struct({ deployment: Schema.String, unfinished: Schema.Number })

// Restate pins an invocation with its first journal entry; before that only its attempt names a deployment.
const bound = "COALESCE(pinned_deployment_id, last_attempt_deployment_id)"
const unfinishedQuery = `SELECT ${bound} AS deployment, COUNT(*) AS unfinished FROM sys_invocation WHERE status <> 'completed' AND ${bound} IS NOT NULL GROUP BY ${bound}`

const newestFirst = Order.reverse(Order.mapInput(Order.string, (version: RegisteredVersion) => version.createdAt))

/** Complete lists, because the admin API is not paged. Newest first. */
export const registeredVersions = (
  admin: AdminClient
): Effect.Effect<ReadonlyArray<RegisteredVersion>, RestateAdminError> =>
  Effect.gen(function* () {
    const deployments = yield* asked("list deployments", metadataTimeout)(admin.deployments)
    const services = yield* asked("list services", metadataTimeout)(admin.services)
    const versions = deployments.map(
      ({ arn, createdAt, id, services: own, uri }): RegisteredVersion => ({
        id,
        address: uri ?? arn ?? "",
        createdAt: createdAt.toISOString(),
        services: own.map(({ name }) => name),
        newestOn: services.filter(({ deploymentId }) => deploymentId === id).map(({ name }) => name)
      })
    )
    return Arr.sort(versions, newestFirst)
  })

/** Restate's admin API over HTTP. */
export const RestateVersionsHttpLive = (options: RestateAdminOptions): Layer.Layer<RestateVersions> =>
  Layer.scoped(
    RestateVersions,
    Effect.map(makeAdminClient(options), (admin) =>
      RestateVersions.of({
        registered: registeredVersions(admin),
        unfinished: Effect.map(
          asked("count unfinished", countTimeout)(admin.query(unfinishedQuery, Bound)),
          (rows) => new Map(rows.map(({ deployment, unfinished }) => [deployment, unfinished]))
        ),
        remove: (id) =>
          admin.removeDeployment(id).pipe(
            Effect.catchTag("AdminNotFound", () => Effect.void),
            asked("remove deployment", metadataTimeout)
          )
      })
    )
  )
