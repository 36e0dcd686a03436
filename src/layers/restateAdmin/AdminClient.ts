import { Duration, Effect, Option, type Redacted, type Scope } from "effect"
import {
  RestateAdmin as Admin,
  type AdminClient,
  type AdminConflict,
  type AdminFailure,
  type AdminNotFound
} from "effect-restate/admin"
import { RestateAdminError } from "../../operations/RestateAdmin.ts"
import { restateAdmin } from "../outbound/bounds.ts"
import { restateHttp, transportFailure } from "../restateHttp.ts"

export interface RestateAdminOptions {
  readonly adminUrl: string
  readonly apiKey: Option.Option<Redacted.Redacted>
}

type Failure = AdminFailure | AdminNotFound | AdminConflict

type Reason = Pick<RestateAdminError, "reason" | "status" | "detail">

const reasonFor = (error: Failure): Reason => {
  switch (error._tag) {
    case "UnreadableAnswer":
      return { reason: "unexpected-answer", detail: error.problem }
    case "AdminNotFound":
      return { reason: "refused", status: 404, detail: error.reason }
    case "AdminConflict":
      return { reason: "conflict", status: error.status, detail: error.reason }
    case "AdminRefused":
      return { reason: error.status === 409 ? "conflict" : "refused", status: error.status, detail: error.reason }
    case "AdminUnavailable": {
      const { cause, reason: detail, status } = error
      return Option.getOrElse(transportFailure(cause), () =>
        status === undefined ? { reason: "unreachable", detail } : { reason: "unavailable", status, detail }
      )
    }
  }
}

/** One call of the admin API, by its name in errors. Every failure becomes a RestateAdminError, within the timeout. */
export const asked =
  (operation: string, timeout: Duration.Duration) =>
  <A>(call: Effect.Effect<A, Failure>): Effect.Effect<A, RestateAdminError> =>
    call.pipe(
      Effect.mapError((error) => new RestateAdminError({ operation, ...reasonFor(error) })),
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () =>
          new RestateAdminError({
            operation,
            reason: "timeout",
            detail: `no answer within ${Duration.format(timeout)}`
          })
      })
    )

/** The kit's client within this worker's bounds. */
export const makeAdminClient = ({
  adminUrl,
  apiKey
}: RestateAdminOptions): Effect.Effect<AdminClient, never, Scope.Scope> =>
  Effect.map(restateHttp(adminUrl, apiKey, restateAdmin), Admin.make)
