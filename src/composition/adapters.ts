import { Array as Arr, Option } from "effect"
import { DnsResolverLive } from "../layers/dns/DnsResolverLive.ts"
import { NoZone } from "../layers/dns/NoZone.ts"
import { GitHubLive } from "../layers/github/GitHubLive.ts"
import { HttpHeartbeatLive } from "../layers/HttpHeartbeatLive.ts"
import { RestateAdminHttpLive } from "../layers/restateAdmin/RestateAdminHttp.ts"
import { SlackNotifierLive } from "../layers/slack/SlackNotifierLive.ts"
import { fromConfig, imported } from "./fromConfig.ts"

export const Admin = fromConfig(({ restate: { adminUrl, apiKey } }) => RestateAdminHttpLive({ adminUrl, apiKey }))

export const Heartbeats = fromConfig(({ heartbeat }) =>
  HttpHeartbeatLive({
    cert_renewal: heartbeat.certRenewalUrl,
    quota_check: heartbeat.quotaCheckUrl,
    key_refill: heartbeat.keyRefillUrl
  })
)

export const Repositories = fromConfig(({ github: { allowUnauthenticatedDeployments, apiUrl, app } }) =>
  GitHubLive({ apiUrl, app, allowsUnauthenticated: allowUnauthenticatedDeployments })
)

export const Resolver = fromConfig(({ dns: { authoritativeServers, resolvers } }) =>
  DnsResolverLive({
    resolvers,
    authoritativeServers: Arr.isNonEmptyReadonlyArray(authoritativeServers) ? authoritativeServers : undefined
  })
)

export const Slack = fromConfig(({ slack }) => SlackNotifierLive(slack.quotaCheckWebhookUrl))

export const Zone = fromConfig(({ acme }) =>
  Option.match(acme.route53, {
    onNone: () => NoZone,
    onSome: (options) =>
      imported(
        () => import("../layers/dns/Route53ZoneLive.ts"),
        ({ Route53ZoneLive }) => Route53ZoneLive(options)
      )
  })
)
