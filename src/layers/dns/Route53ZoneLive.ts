import {
  type Change,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client
} from "@aws-sdk/client-route-53"
import { Cache, Duration, Effect, Exit, Layer, Option, Redacted } from "effect"
import { DnsZone, DnsZoneRefused, DnsZoneUnavailable } from "../../services/DnsZone.ts"
import { type BatchRejected, classify, type NotThere } from "./route53Errors.ts"
import { adding, type Edit, hasPolicy, isSameSet, removing } from "./txtRecordSet.ts"

export interface Route53ZoneOptions {
  readonly region: string
  readonly accessKeyId: Redacted.Redacted
  readonly secretAccessKey: Redacted.Redacted
  /** The zone of every name. Without it the zone with the longest matching name is looked for. */
  readonly hostedZoneId: Option.Option<string>
  /** Another address than that of AWS. */
  readonly endpoint: Option.Option<string>
}

type Operation = DnsZoneUnavailable["operation"]

/** Of the SDK's own: it repeats throttled and broken requests with a short back-off. */
const maxAttempts = 3
const requestTimeout = 5_000
/** Of one whole operation, so that a step around it still has time to answer. */
const operationTimeout = Duration.seconds(20)
/** Other writers of one name are validations of one domain: a handful. */
const maxBatches = 5
/** Finding a zone costs a request per label, and an account has five a second. */
const zoneMemory = Duration.minutes(5)
const zonesRemembered = 1_000
/** Several zones may have one name: a public and private ones. */
const zonesOfOneName = 10

const normal = (name: string): string => name.toLowerCase().replace(/\\052/g, "*").replace(/\.$/, "")

const upwards = (name: string): ReadonlyArray<string> => {
  const labels = normal(name).split(".")
  return labels.map((_, index) => labels.slice(index).join("."))
}

const clientOf = ({ accessKeyId, endpoint, region, secretAccessKey }: Route53ZoneOptions) =>
  Effect.acquireRelease(
    Effect.sync(
      () =>
        new Route53Client({
          region,
          credentials: {
            accessKeyId: Redacted.value(accessKeyId),
            secretAccessKey: Redacted.value(secretAccessKey)
          },
          maxAttempts,
          requestHandler: { connectionTimeout: requestTimeout, requestTimeout },
          ...(Option.isSome(endpoint) ? { endpoint: endpoint.value } : {})
        })
    ),
    (client) => Effect.sync(() => client.destroy())
  )

/** One request. A fiber that is interrupted takes it back. */
const request = <A>(operation: Operation, send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>) =>
  Effect.tryPromise({
    try: (abortSignal) => send({ abortSignal }),
    catch: (error) => classify(operation, error)
  })

/** For requests that cannot be rejected as a batch is. */
const notABatch = <A>(effect: Effect.Effect<A, DnsZoneUnavailable | BatchRejected | NotThere>) =>
  Effect.catchTag(effect, "BatchRejected", (defect) => Effect.die(defect))

const within =
  (operation: Operation) =>
  <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | DnsZoneUnavailable> =>
    Effect.timeoutFail(effect, {
      duration: operationTimeout,
      onTimeout: () => new DnsZoneUnavailable({ operation, reason: "timeout" })
    })

/** The requests that this layer makes. */
const requestsOf = (client: Route53Client) => ({
  zoneNamed: (name: string) =>
    request("find-zone", (options) =>
      client.send(new ListHostedZonesByNameCommand({ DNSName: name, MaxItems: zonesOfOneName }), options)
    ).pipe(
      notABatch,
      Effect.map(({ HostedZones = [] }) =>
        // The list only starts at the name, and a private zone is not what a CA sees.
        HostedZones.find(({ Config, Name = "" }) => normal(Name) === name && Config?.PrivateZone !== true)
      )
    ),
  read: (zoneId: string, name: string) =>
    request("read", (options) =>
      client.send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: zoneId,
          StartRecordName: name,
          StartRecordType: "TXT",
          MaxItems: 1
        }),
        options
      )
    ).pipe(
      notABatch,
      Effect.map(({ ResourceRecordSets = [] }) => {
        // The list starts at the name and type; without such a set it starts with the next one.
        const [first] = ResourceRecordSets
        return first?.Type === "TXT" && normal(first.Name ?? "") === normal(name) ? first : null
      })
    ),
  change: (zoneId: string, changes: Array<Change>) =>
    request("change", (options) =>
      client.send(
        new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes: changes } }),
        options
      )
    ).pipe(Effect.map(({ ChangeInfo }) => ChangeInfo?.Id ?? "")),
  status: (changeId: string) =>
    request("change-status", (options) => client.send(new GetChangeCommand({ Id: changeId }), options)).pipe(notABatch)
})

type Requests = ReturnType<typeof requestsOf>

/** Which zone a name is in, and what to do when that zone turns out to be gone. */
interface Zones {
  readonly of: (name: string) => Effect.Effect<string, DnsZoneUnavailable | DnsZoneRefused>
  readonly gone: (name: string) => Effect.Effect<never, DnsZoneUnavailable | DnsZoneRefused>
}

const configuredZone = (id: string): Zones => ({
  of: () => Effect.succeed(id),
  gone: (name) => new DnsZoneRefused({ name, problem: `there is no hosted zone ${id}` })
})

const findZone = (api: Requests, name: string) =>
  Effect.gen(function* () {
    for (const zone of upwards(name)) {
      const found = yield* api.zoneNamed(zone)
      if (found?.Id !== undefined) return found.Id
    }
    return yield* new DnsZoneRefused({ name, problem: "no public hosted zone of this account holds it" })
  }).pipe(Effect.catchTag("NotThere", () => new DnsZoneUnavailable({ operation: "find-zone", reason: "unavailable" })))

/** A zone that is gone is forgotten: it may be there again under another id. */
const foundZones = (api: Requests): Effect.Effect<Zones> =>
  Effect.map(
    Cache.makeWith({
      capacity: zonesRemembered,
      lookup: (name: string) => findZone(api, name),
      timeToLive: (exit) => (Exit.isSuccess(exit) ? zoneMemory : Duration.zero)
    }),
    (zones) => ({
      of: (name) => zones.get(normal(name)),
      gone: (name) =>
        Effect.zipRight(
          zones.invalidate(normal(name)),
          new DnsZoneUnavailable({ operation: "change", reason: "conflict", code: "NoSuchHostedZone" })
        )
    })
  )

/** Reads, and changes exactly what it read. No id: the batch was rejected. */
const editOnce = (api: Requests, zoneId: string, name: string, edit: Edit) =>
  Effect.gen(function* () {
    const current = yield* api.read(zoneId, name)
    if (hasPolicy(current))
      return yield* new DnsZoneRefused({ name, problem: "its TXT record is governed by a routing policy" })
    const changes = edit(name, current)
    if (changes.length === 0) return { current, changeId: null }
    return yield* api.change(zoneId, changes).pipe(
      Effect.map((changeId) => ({ current, changeId })),
      Effect.catchTag("BatchRejected", () => Effect.succeed({ current, changeId: undefined }))
    )
  })

/** Repeats the edit on what stands there by then, for as long as somebody else is quicker. */
const editUntilAccepted = (api: Requests, zones: Zones) => (name: string, edit: Edit) =>
  Effect.gen(function* () {
    const zoneId = yield* zones.of(name)
    let rejected: ResourceRecordSet | null | undefined
    for (let batch = 0; batch < maxBatches; batch++) {
      const { changeId, current } = yield* editOnce(api, zoneId, name, edit)
      if (changeId !== undefined) return changeId
      // Rejected twice on the same values: it is not for somebody else's change in between.
      if (rejected !== undefined && isSameSet(rejected, current))
        return yield* new DnsZoneRefused({ name, problem: "the zone rejects the change" })
      rejected = current
    }
    return yield* new DnsZoneUnavailable({ operation: "change", reason: "conflict" })
  }).pipe(
    Effect.catchTag("NotThere", () => zones.gone(name)),
    within("change")
  )

const make = (client: Route53Client, { hostedZoneId }: Route53ZoneOptions) =>
  Effect.gen(function* () {
    const api = requestsOf(client)
    const zones = Option.isSome(hostedZoneId) ? configuredZone(hostedZoneId.value) : yield* foundZones(api)
    const edit = editUntilAccepted(api, zones)
    return DnsZone.of({
      addTxt: (name, value) => edit(name, adding(value)),
      check: (name) =>
        Effect.flatMap(zones.of(name), (zoneId) => api.read(zoneId, name)).pipe(
          Effect.catchTag("NotThere", () => zones.gone(name)),
          within("read"),
          Effect.asVoid
        ),
      removeTxt: (name, value) => Effect.asVoid(edit(name, removing(value))),
      isInSync: (changeId) =>
        api.status(changeId).pipe(
          Effect.map(({ ChangeInfo }) => ChangeInfo?.Status === "INSYNC"),
          // Changes are forgotten long after every server has them.
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
