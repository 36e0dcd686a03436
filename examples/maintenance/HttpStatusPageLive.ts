import { HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Layer } from "effect"
import { NoticeStands } from "./MaintenanceService.ts"
import { StatusPage, StatusPageUnavailable } from "./StatusPage.ts"

/** Of one request; well under the 30 s of a step. */
const timeout = "10 seconds"

/** A status page with a small JSON API: PUT and DELETE of `/notices/<project>/<id>`, POST to `.../tell`. */
export const HttpStatusPageLive = (baseUrl: string): Layer.Layer<StatusPage, never, HttpClient.HttpClient> =>
  Layer.effect(
    StatusPage,
    Effect.map(HttpClient.HttpClient, (client) => {
      const send = (request: HttpClientRequest.HttpClientRequest) =>
        Effect.map(client.execute(request), ({ status }) => status).pipe(
          Effect.scoped,
          Effect.catchTags({
            RequestError: () => new StatusPageUnavailable({ reason: "unreachable" }),
            ResponseError: () => new StatusPageUnavailable({ reason: "unreachable" })
          }),
          Effect.timeoutFail({
            duration: timeout,
            onTimeout: () => new StatusPageUnavailable({ reason: "timeout" })
          })
        )
      const accepted = (status: number): Effect.Effect<void, StatusPageUnavailable> =>
        status < 300 ? Effect.void : new StatusPageUnavailable({ reason: "refused", status })
      const url = (projectId: string, id: string) =>
        `${baseUrl}/notices/${encodeURIComponent(projectId)}/${encodeURIComponent(id)}`
      return StatusPage.of({
        show: ({ id, projectId, text, until }) =>
          send(HttpClientRequest.put(url(projectId, id)).pipe(HttpClientRequest.bodyUnsafeJson({ text, until }))).pipe(
            Effect.filterOrFail(
              (status) => status !== 409,
              () => new NoticeStands({ projectId })
            ),
            Effect.flatMap(accepted)
          ),
        hide: (projectId, id) =>
          Effect.flatMap(send(HttpClientRequest.del(url(projectId, id))), (status) =>
            status === 404 ? Effect.void : accepted(status)
          ),
        tellSubscribers: (projectId, id) =>
          Effect.flatMap(send(HttpClientRequest.post(`${url(projectId, id)}/tell`)), accepted)
      })
    })
  )
