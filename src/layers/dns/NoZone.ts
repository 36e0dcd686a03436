import { Effect, Layer } from "effect"
import type { ChallengeRecord } from "../../services/dns/ChallengeRecord.ts"
import { DnsZone, DnsZoneRefused } from "../../services/dns/DnsZone.ts"

const refused = ({ name }: ChallengeRecord) => new DnsZoneRefused({ name, problem: "no DNS provider is configured" })

/** Used if no DNS provider is configured: every record is refused, for an operator to see. */
export const NoZone: Layer.Layer<DnsZone> = Layer.succeed(
  DnsZone,
  DnsZone.of({ addTxt: refused, removeTxt: refused, check: refused, isInSync: () => Effect.succeed(true) })
)
