import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { Clock, Context, Duration, Effect, FiberSet, Layer, Ref, type Scope } from "effect"
import { onLoopback } from "../stack/onLoopback.ts"
import { inRealTime } from "../stack/RealTime.ts"
import { documentOf, element, escaped } from "./route53Xml.ts"
import {
  absolute,
  applied,
  changesOf,
  type HostedZone,
  hostedZoneXml,
  keyOf,
  type RecordSet,
  recordSetXml,
  recordsFrom,
  reversed
} from "./route53Zones.ts"

export interface Route53Options {
  /** Names of the initial zones. */
  readonly zones?: ReadonlyArray<string>
  /** How long a change stays PENDING. Default 100 ms; the real one takes up to a minute. */
  readonly syncDelay?: Duration.DurationInput
  /** Receives the unquoted values of a TXT record set after each change, for a DNS server. */
  readonly publish?: (name: string, values: ReadonlyArray<string>) => Effect.Effect<void>
  /**
   * Format of a rejected batch: the one that the SDK parses, or the API reference's document, which the SDK does not parse.
   * Default: the first.
   */
  readonly refusal?: "ErrorResponse" | "InvalidChangeBatch"
}

export interface Route53Fault {
  readonly status: number
  readonly code: string
}

export interface Route53ServerShape {
  readonly endpoint: string
  readonly addZone: (name: string, options?: { readonly isPrivate: boolean }) => Effect.Effect<string>
  readonly removeZone: (id: string) => Effect.Effect<void>
  /** Unquoted TXT values of a name. */
  readonly txt: (name: string) => Effect.Effect<ReadonlyArray<string>>
  /** Writes a record set at once, as another writer of the zone. */
  readonly write: (zoneId: string, record: RecordSet) => Effect.Effect<void>
  /** Failures of the next requests, one each, in order. */
  readonly failNext: (...faults: ReadonlyArray<Route53Fault>) => Effect.Effect<void>
  /** Runs once before the next batch is applied: a concurrent writer. */
  readonly beforeNextBatch: (act: Effect.Effect<void>) => Effect.Effect<void>
  /** Every request so far, as `METHOD /path`, without its version and query. */
  readonly requests: Effect.Effect<ReadonlyArray<string>>
}

/** The part of Route 53 that DNS-01 needs, with the real XML for the real SDK. */
export class Route53Server extends Context.Tag("ctrl-worker/dev/Route53Server")<Route53Server, Route53ServerShape>() {}

interface Reply {
  readonly status: number
  readonly body: string
}

interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
}

const ok = (root: string, inside: string): Reply => ({ status: 200, body: documentOf(root, inside) })

const errorReply = ({ code, status }: Route53Fault, message = ""): Reply => ({
  status,
  body: documentOf(
    "ErrorResponse",
    element("Error", element("Type", "Sender") + element("Code", code) + element("Message", escaped(message))) +
      element("RequestId", "request")
  )
})

const unquoted = (value: string): string => value.replace(/^"|"$/g, "").replace(/" "/g, "")

const readBody = (request: IncomingMessage) =>
  Effect.async<string>((resume) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => resume(Effect.succeed(Buffer.concat(chunks).toString())))
  })

interface State {
  readonly options: Route53Options
  readonly zones: Ref.Ref<ReadonlyMap<string, HostedZone>>
  /** Time of each change, in order: the n-th is `C<n>`. */
  readonly changedAt: Ref.Ref<ReadonlyArray<number>>
  readonly faults: Ref.Ref<ReadonlyArray<Route53Fault>>
  readonly before: Ref.Ref<Effect.Effect<void>>
  readonly seen: Ref.Ref<ReadonlyArray<string>>
  readonly made: Ref.Ref<number>
}

const makeState = (options: Route53Options): Effect.Effect<State> =>
  Effect.all({
    options: Effect.succeed(options),
    zones: Ref.make<ReadonlyMap<string, HostedZone>>(new Map()),
    changedAt: Ref.make<ReadonlyArray<number>>([]),
    faults: Ref.make<ReadonlyArray<Route53Fault>>([]),
    before: Ref.make<Effect.Effect<void>>(Effect.void),
    seen: Ref.make<ReadonlyArray<string>>([]),
    made: Ref.make(0)
  })

const addZone = ({ made, zones }: State, name: string, isPrivate: boolean) =>
  Effect.gen(function* () {
    const id = `Z${String(yield* Ref.updateAndGet(made, (count) => count + 1)).padStart(13, "0")}`
    const zone: HostedZone = { id, name: absolute(name), isPrivate, records: new Map() }
    yield* Ref.update(zones, (all) => new Map(all).set(id, zone))
    return id
  })

const changeInfo = ({ options: { syncDelay = "100 millis" } }: State, id: string, at: number) =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    element(
      "ChangeInfo",
      element("Id", `/change/${id}`) +
        element("Status", now - at >= Duration.toMillis(syncDelay) ? "INSYNC" : "PENDING") +
        element("SubmittedAt", new Date(at).toISOString())
    )
  )

/** Maximum items in a response (API reference, "ListHostedZonesByName"). */
const pageOfZones = 100

const listZones = ({ zones }: State, { query }: Request) =>
  Effect.map(Ref.get(zones), (all) => {
    // By name, then by id, so that a list can continue between zones of one name.
    const from = `${reversed(query.get("dnsname") ?? "")} ${query.get("hostedzoneid") ?? ""}`
    const max = Math.min(Number(query.get("maxitems") ?? pageOfZones), pageOfZones)
    const placeOf = ({ id, name }: HostedZone) => `${reversed(name)} ${id}`
    const listed = [...all.values()]
      .filter((zone) => placeOf(zone) >= from)
      .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
    const next = listed[max]
    return ok(
      "ListHostedZonesByNameResponse",
      element("HostedZones", listed.slice(0, max).map(hostedZoneXml).join("")) +
        element("IsTruncated", next !== undefined) +
        (next === undefined ? "" : element("NextDNSName", next.name) + element("NextHostedZoneId", next.id)) +
        element("MaxItems", max)
    )
  })

const listRecords = (zone: HostedZone, { query }: Request) => {
  const max = Number(query.get("maxitems") ?? 300)
  const listed = recordsFrom(zone, query.get("name") ?? "", query.get("type") ?? "")
  return ok(
    "ListResourceRecordSetsResponse",
    element("ResourceRecordSets", listed.slice(0, max).map(recordSetXml).join("")) +
      element("IsTruncated", listed.length > max) +
      element("MaxItems", max)
  )
}

const refused = ({ options }: State, refusals: ReadonlyArray<string>): Reply =>
  options.refusal === "InvalidChangeBatch"
    ? {
        status: 400,
        body: documentOf(
          "InvalidChangeBatch",
          element("Messages", refusals.map((refusal) => element("Message", escaped(refusal))).join(""))
        )
      }
    : errorReply({ status: 400, code: "InvalidChangeBatch" }, `[${refusals.join(", ")}]`)

const publishChanged = ({ options: { publish } }: State, was: HostedZone, is: HostedZone) =>
  Effect.forEach(
    new Set([...was.records.keys(), ...is.records.keys()]),
    (key) => {
      const [name = "", type] = key.split("|")
      const values = is.records.get(key)?.values ?? []
      const isChanged = was.records.get(key) !== is.records.get(key)
      return type === "TXT" && isChanged && publish !== undefined ? publish(name, values.map(unquoted)) : Effect.void
    },
    { discard: true }
  )

const changeRecords = (state: State, id: string, { body }: Request) =>
  Effect.gen(function* () {
    yield* yield* Ref.getAndSet(state.before, Effect.void)
    const zone = (yield* Ref.get(state.zones)).get(id)
    if (zone === undefined) return errorReply({ status: 404, code: "NoSuchHostedZone" })
    const next = applied(zone, changesOf(body))
    if (!("records" in next)) return refused(state, next)
    yield* Ref.update(state.zones, (all) => new Map(all).set(id, next))
    yield* publishChanged(state, zone, next)
    const now = yield* Clock.currentTimeMillis
    const count = yield* Ref.modify(state.changedAt, (all) => [all.length + 1, [...all, now]])
    return ok("ChangeResourceRecordSetsResponse", yield* changeInfo(state, `C${count}`, now))
  })

const getChange = (state: State, id: string) =>
  Effect.gen(function* () {
    const at = (yield* Ref.get(state.changedAt))[Number(id.slice(1)) - 1]
    return at === undefined
      ? errorReply({ status: 404, code: "NoSuchChange" }, `Could not find resource with ID: ${id}`)
      : ok("GetChangeResponse", yield* changeInfo(state, id, at))
  })

const handle = (state: State, request: Request) =>
  Effect.gen(function* () {
    yield* Ref.update(state.seen, (all) => [...all, `${request.method} ${request.path}`])
    const [fault] = yield* Ref.getAndUpdate(state.faults, (all) => all.slice(1))
    if (fault !== undefined) return errorReply(fault, "asked for by the test")
    const [, resource = "", id = "", what = ""] = request.path.split("/")
    if (resource === "hostedzonesbyname") return yield* listZones(state, request)
    if (resource === "change") return yield* getChange(state, id)
    if (resource !== "hostedzone" || what !== "rrset") return errorReply({ status: 404, code: "UnknownOperation" })
    const zone = (yield* Ref.get(state.zones)).get(id)
    if (zone === undefined) return errorReply({ status: 404, code: "NoSuchHostedZone" }, `No hosted zone: ${id}`)
    return request.method === "POST" ? yield* changeRecords(state, id, request) : listRecords(zone, request)
  }).pipe(inRealTime)

const serve = (state: State) =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never>()
    return yield* listen((incoming, response) => {
      const answered = Effect.gen(function* () {
        const url = new URL(incoming.url ?? "/", "http://localhost")
        const path = url.pathname.replace(/^\/2013-04-01/, "").replace(/\/$/, "")
        const body = yield* readBody(incoming)
        const reply = yield* handle(state, { method: incoming.method ?? "GET", path, query: url.searchParams, body })
        response.writeHead(reply.status, { "content-type": "text/xml" }).end(reply.body)
      })
      run(answered)
    })
  })

const controls = (state: State): Omit<Route53ServerShape, "endpoint"> => ({
  addZone: (name, options) => addZone(state, name, options?.isPrivate ?? false),
  removeZone: (id) => Ref.update(state.zones, (all) => new Map([...all].filter(([key]) => key !== id))),
  txt: (name) =>
    Effect.map(Ref.get(state.zones), (all) =>
      [...all.values()].flatMap(({ records }) =>
        (records.get(keyOf({ name, type: "TXT" }))?.values ?? []).map(unquoted)
      )
    ),
  write: (zoneId, record) =>
    Ref.update(state.zones, (all) => {
      const zone = all.get(zoneId)
      if (zone === undefined) return all
      const records = new Map(zone.records).set(keyOf(record), { ...record, name: absolute(record.name) })
      return new Map(all).set(zoneId, { ...zone, records })
    }),
  failNext: (...next) => Ref.update(state.faults, (all) => [...all, ...next]),
  beforeNextBatch: (act) => Ref.set(state.before, act),
  requests: Ref.get(state.seen)
})

/** A server on a free port, until the scope closes. */
const listen = (
  handler: (request: IncomingMessage, response: ServerResponse) => void
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(onLoopback(createServer(handler)), (port) => `http://127.0.0.1:${port}`)

/** A Route 53 server, until the scope closes. */
export const startRoute53 = Effect.fnUntraced(function* (options: Route53Options = {}) {
  const state = yield* makeState(options)
  yield* Effect.forEach(options.zones ?? [], (name) => addZone(state, name, false))
  const shape: Route53ServerShape = { endpoint: yield* serve(state), ...controls(state) }
  return shape
})

export const route53Server = (options: Route53Options = {}): Layer.Layer<Route53Server> =>
  Layer.scoped(Route53Server, startRoute53(options))
