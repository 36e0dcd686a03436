import { Cache, Data, Duration, Effect, Option } from "effect"
import type { ChallengeRecord } from "../../services/dns/ChallengeRecord.ts"
import { DnsZoneRefused, DnsZoneUnavailable } from "../../services/dns/DnsZone.ts"
import type { Route53Requests } from "./route53Requests.ts"

/** Finding a zone takes one request per label, and an account may make five per second. */
const cacheTtl = Duration.minutes(5)
const cacheCapacity = 1_000

type ZoneFailure = DnsZoneUnavailable | DnsZoneRefused

/** The zone of a record, and the error to report if that zone is gone. */
export interface Zones {
  readonly of: (record: ChallengeRecord) => Effect.Effect<string, ZoneFailure>
  readonly gone: (record: ChallengeRecord) => Effect.Effect<never, ZoneFailure>
}

const configured = (id: string): Zones => ({
  of: () => Effect.succeed(id),
  gone: ({ name }) => new DnsZoneRefused({ name, problem: `there is no hosted zone ${id}` })
})

/** The zone to find: the one of exactly this name, or the closest above it. */
class ZoneLookup extends Data.Class<{ readonly name: string; readonly isExact: boolean }> {}

const lookupOf = ({ name, zone }: ChallengeRecord): ZoneLookup =>
  new ZoneLookup({ name: zone ?? name, isExact: zone !== null })

/** Excludes top-level domains. */
const parents = (name: string): ReadonlyArray<string> => {
  const labels = name.split(".")
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."))
}

const find = (api: Route53Requests, { isExact, name }: ZoneLookup) =>
  Effect.gen(function* () {
    for (const zone of isExact ? [name] : parents(name)) {
      const [id, ...others] = yield* api.publicZonesNamed(zone)
      if (others.length > 0) {
        const problem = `this account has ${others.length + 1} public hosted zones ${zone}; set acme.route53.hosted_zone_id`
        return yield* new DnsZoneRefused({ name, problem })
      }
      if (id !== undefined) return id
    }
    const problem = isExact
      ? `this account has no public hosted zone ${name}; make one, or set acme.route53.hosted_zone_id`
      : "no public hosted zone of this account holds it"
    return yield* new DnsZoneRefused({ name, problem })
  }).pipe(Effect.catchTag("NotThere", () => new DnsZoneUnavailable({ operation: "find-zone", reason: "unavailable" })))

/** A zone that is gone or was not found is removed from the cache: it may exist again under another id. */
const found = (api: Route53Requests): Effect.Effect<Zones> =>
  Effect.map(
    Cache.make({ capacity: cacheCapacity, lookup: (wanted: ZoneLookup) => find(api, wanted), timeToLive: cacheTtl }),
    (zones) => {
      const forget = (record: ChallengeRecord) => zones.invalidate(lookupOf(record))
      return {
        of: (record) => Effect.tapError(zones.get(lookupOf(record)), () => forget(record)),
        gone: (record) =>
          Effect.zipRight(
            forget(record),
            new DnsZoneUnavailable({ operation: "change", reason: "conflict", code: "NoSuchHostedZone" })
          )
      }
    }
  )

/**
 * The configured zone for every record. Without one, zones are found by name; a customer's record may be in the zone of the
 * delegation domain only.
 */
export const zonesOf = (api: Route53Requests, hostedZoneId: Option.Option<string>): Effect.Effect<Zones> =>
  Option.match(hostedZoneId, { onNone: () => found(api), onSome: (id) => Effect.succeed(configured(id)) })
