import { Duration, Effect, Layer, Schema } from "effect"
import { type AdminClient, sqlText } from "effect-restate/admin"
import { BuildSlots } from "../../operations/build/BuildSlots.ts"
import { SourceUnavailable } from "../../operations/SourceUnavailable.ts"
import { emptyQueue, SlotQueue } from "../../services/builds/SlotQueue.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"
import { restateUnavailable } from "./restateUnavailable.ts"

const queryTimeout = Duration.seconds(10)

const StateRow = Schema.Struct({ value: Schema.NullOr(Schema.String) })
const decodeQueue = Schema.decode(Schema.parseJson(SlotQueue))

const make = (admin: AdminClient) =>
  BuildSlots.of({
    queueOf: (workspaceId) =>
      Effect.gen(function* () {
        const [row] = yield* asked(
          "read the queue of build slots",
          queryTimeout
        )(
          admin.query(
            `SELECT value_utf8 AS value FROM state WHERE service_name = 'ctrl_worker.v1.BuildSlotService'
             AND service_key = ${sqlText(workspaceId)} AND key = 'queue'`,
            StateRow
          )
        ).pipe(Effect.mapError(restateUnavailable))
        if (row === undefined || row.value === null) return emptyQueue
        return yield* Effect.mapError(
          decodeQueue(row.value),
          () => new SourceUnavailable({ source: "restate", reason: "the queue of build slots is not as expected" })
        )
      })
  })

/** The state of the queues, by SQL over Restate's admin API. */
export const BuildSlotsHttpLive = (options: RestateAdminOptions): Layer.Layer<BuildSlots> =>
  Layer.scoped(BuildSlots, Effect.map(makeAdminClient(options), make))
