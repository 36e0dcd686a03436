import { Array as Arr, Effect, Layer, Option } from "effect"
import { WorkerConfig } from "../config.ts"
import { DnsResolverLive } from "../layers/dns/DnsResolverLive.ts"
import { NoZone } from "../layers/dns/NoZone.ts"
import { Route53ZoneLive } from "../layers/dns/Route53ZoneLive.ts"
import type { DnsResolver } from "../services/dns/DnsResolver.ts"
import type { DnsZone } from "../services/dns/DnsZone.ts"

export const Resolver: Layer.Layer<DnsResolver, never, WorkerConfig> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ dns: { authoritativeServers, resolvers } }) =>
    DnsResolverLive({
      resolvers,
      authoritativeServers: Arr.isNonEmptyReadonlyArray(authoritativeServers) ? authoritativeServers : undefined
    })
  )
)

export const Zone: Layer.Layer<DnsZone, never, WorkerConfig> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ acme }) => Option.match(acme.route53, { onNone: () => NoZone, onSome: Route53ZoneLive }))
)
