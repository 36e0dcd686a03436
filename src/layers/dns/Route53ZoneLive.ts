import { type ResourceRecordSet, Route53Client } from "@aws-sdk/client-route-53"
import { Duration, Effect, Layer, Option, Redacted } from "effect"
import type { ChallengeRecord } from "../../services/dns/ChallengeRecord.ts"
import { DnsZone, DnsZoneRefused, DnsZoneUnavailable } from "../../services/dns/DnsZone.ts"
import { asSmithyHandler } from "../outbound/asSmithyHandler.ts"
import { route53 } from "../outbound/bounds.ts"
import { openOutbound } from "../outbound/OutboundHttp.ts"
import { type Route53Requests, requestsOf } from "./route53Requests.ts"
import { type Zones, zonesOf } from "./route53Zones.ts"
import { adding, type Edit, hasPolicy, isSameSet, removing } from "./txtRecordSet.ts"

export interface Route53ZoneOptions {
  readonly region: string
  readonly accessKeyId: Redacted.Redacted
  readonly secretAccessKey: Redacted.Redacted
  /** The zone of every record. If absent, zones are found by name; see `Zones`. */
  readonly hostedZoneId: Option.Option<string>
  /** Overrides the AWS endpoint. */
  readonly endpoint: Option.Option<string>
}

type Operation = DnsZoneUnavailable["operation"]

/** The SDK retries throttled and failed requests with a short back-off. */
const maxAttempts = 3
/** Timeout of a whole operation, within a step's time limit. */
const operationTimeout = Duration.seconds(20)
/** Concurrent writers of one name are validations of one domain: a few. */
const maxBatches = 5

const clientOf = ({ accessKeyId, endpoint, region, secretAccessKey }: Route53ZoneOptions) =>
  Effect.gen(function* () {
    const send = yield* openOutbound({ bounds: route53 })
    const runtime = yield* Effect.runtime<never>()
    return yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Route53Client({
            region,
            credentials: {
              accessKeyId: Redacted.value(accessKeyId),
              secretAccessKey: Redacted.value(secretAccessKey)
            },
            maxAttempts,
            requestHandler: asSmithyHandler(send, runtime),
            ...(Option.isSome(endpoint) ? { endpoint: endpoint.value } : {})
          })
      ),
      (client) => Effect.sync(() => client.destroy())
    )
  })

const within =
  (operation: Operation) =>
  <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | DnsZoneUnavailable> =>
    Effect.timeoutFail(effect, {
      duration: operationTimeout,
      onTimeout: () => new DnsZoneUnavailable({ operation, reason: "timeout" })
    })

/** Reads the record set and replaces exactly that. No change id: the batch was rejected. */
const editOnce = (api: Route53Requests, zoneId: string, name: string, edit: Edit) =>
  Effect.gen(function* () {
    const current = yield* api.read(zoneId, name, "TXT")
    if (hasPolicy(current))
      return yield* new DnsZoneRefused({ name, problem: "its TXT record is governed by a routing policy" })
    const changes = edit(name, current)
    if (changes.length === 0) return { current, changeId: null }
    return yield* api.change(zoneId, changes).pipe(
      Effect.map((changeId) => ({ current, changeId })),
      Effect.catchTag("BatchRejected", () => Effect.succeed({ current, changeId: undefined }))
    )
  })

/** No other record can coexist with a CNAME (RFC 1034, section 3.6.2). */
const refuseAlias = (api: Route53Requests, zoneId: string, name: string) =>
  Effect.flatMap(api.read(zoneId, name, "CNAME"), (alias) =>
    alias === null
      ? Effect.void
      : new DnsZoneRefused({
          name,
          problem: "the zone has a CNAME record at this name, so no TXT record can exist; remove it"
        })
  )

/** Retries the edit on the current record set while concurrent writers win. */
const editUntilAccepted = (api: Route53Requests, zones: Zones) => (record: ChallengeRecord, edit: Edit) =>
  Effect.gen(function* () {
    const { name } = record
    const zoneId = yield* zones.of(record)
    let rejected: ResourceRecordSet | null | undefined
    for (let batch = 0; batch < maxBatches; batch++) {
      const { changeId, current } = yield* editOnce(api, zoneId, name, edit)
      if (changeId !== undefined) return changeId
      // Rejected twice for the same values, so not because of a concurrent change.
      if (rejected !== undefined && isSameSet(rejected, current)) {
        yield* refuseAlias(api, zoneId, name)
        return yield* new DnsZoneRefused({ name, problem: "the zone rejects the change" })
      }
      rejected = current
    }
    return yield* new DnsZoneUnavailable({ operation: "change", reason: "conflict" })
  }).pipe(
    Effect.catchTag("NotThere", () => zones.gone(record)),
    within("change")
  )

const readable = (api: Route53Requests, zones: Zones) => (record: ChallengeRecord) =>
  Effect.gen(function* () {
    const zoneId = yield* zones.of(record)
    yield* api.read(zoneId, record.name, "TXT")
    yield* refuseAlias(api, zoneId, record.name)
  }).pipe(
    Effect.catchTag("NotThere", () => zones.gone(record)),
    within("read")
  )

const make = (client: Route53Client, { hostedZoneId }: Route53ZoneOptions) =>
  Effect.gen(function* () {
    const api = requestsOf(client)
    const zones = yield* zonesOf(api, hostedZoneId)
    const edit = editUntilAccepted(api, zones)
    return DnsZone.of({
      addTxt: (record, value) => edit(record, adding(value)),
      check: readable(api, zones),
      removeTxt: (record, value) => Effect.asVoid(edit(record, removing(value))),
      isInSync: (changeId) =>
        api.status(changeId).pipe(
          Effect.map(({ ChangeInfo }) => ChangeInfo?.Status === "INSYNC"),
          // Route 53 forgets changes long after they are in sync.
          Effect.catchTag("NotThere", () => Effect.succeed(true)),
          within("change-status")
        )
    })
  })

/** Zones in Amazon Route 53. */
export const Route53ZoneLive = (options: Route53ZoneOptions): Layer.Layer<DnsZone> =>
  Layer.scoped(
    DnsZone,
    Effect.flatMap(clientOf(options), (client) => make(client, options))
  )
