import {
  type Change,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  type Route53Client
} from "@aws-sdk/client-route-53"
import { Effect } from "effect"
import type { DnsZoneUnavailable } from "../../services/dns/DnsZone.ts"
import { type BatchRejected, classify, type NotFound } from "./route53Errors.ts"

type Operation = DnsZoneUnavailable["operation"]

const normal = (name: string): string => name.toLowerCase().replace(/\\052/g, "*").replace(/\.$/, "")

/** One request; interruption aborts it. */
const request = <A>(operation: Operation, send: (options: { readonly abortSignal: AbortSignal }) => Promise<A>) =>
  Effect.tryPromise({
    try: (abortSignal) => send({ abortSignal }),
    catch: (error) => classify(operation, error)
  })

/** For requests that cannot fail with BatchRejected. */
const notABatch = <A>(effect: Effect.Effect<A, DnsZoneUnavailable | BatchRejected | NotFound>) =>
  Effect.catchTag(effect, "BatchRejected", (defect) => Effect.die(defect))

/** Cursor of a zone list. */
interface Position {
  readonly DNSName: string
  readonly HostedZoneId?: string | undefined
}

const listZones = (client: Route53Client, position: Position) =>
  notABatch(request("find-zone", (options) => client.send(new ListHostedZonesByNameCommand({ ...position }), options)))

/**
 * Ids of all public zones of exactly this name. Several zones may share it, private ones included, which a CA cannot see. The
 * list starts at the name and is read until names differ: a response holds at most 100 zones.
 */
const publicZonesNamed = (client: Route53Client) =>
  Effect.fnUntraced(function* (name: string) {
    const ids: Array<string> = []
    let position: Position | undefined = { DNSName: name }
    while (position !== undefined) {
      const answer: Effect.Effect.Success<ReturnType<typeof listZones>> = yield* listZones(client, position)
      for (const { Config, Id, Name = "" } of answer.HostedZones ?? [])
        if (Id !== undefined && normal(Name) === name && Config?.PrivateZone !== true) ids.push(Id)
      const { IsTruncated, NextDNSName = "", NextHostedZoneId } = answer
      position =
        IsTruncated === true && normal(NextDNSName) === name
          ? { DNSName: NextDNSName, HostedZoneId: NextHostedZoneId }
          : undefined
    }
    return ids
  })

/** The Route 53 requests of this layer. */
export const requestsOf = (client: Route53Client) => ({
  publicZonesNamed: publicZonesNamed(client),
  read: (zoneId: string, name: string, type: "TXT" | "CNAME") =>
    request("read", (options) =>
      client.send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: zoneId,
          StartRecordName: name,
          StartRecordType: type,
          MaxItems: 1
        }),
        options
      )
    ).pipe(
      notABatch,
      Effect.map(({ ResourceRecordSets = [] }) => {
        // The list starts at the name and type; if that set does not exist, with the next one.
        const [first] = ResourceRecordSets
        return first?.Type === type && normal(first.Name ?? "") === normal(name) ? first : null
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

export type Route53Requests = ReturnType<typeof requestsOf>
