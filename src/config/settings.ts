import { Duration, LogLevel } from "effect"
import { clickhouseAddress } from "./ClickhouseAddress.ts"
import { dnsServer, oneOrMore } from "./dnsServer.ts"
import {
  base64UrlSecret,
  duration,
  flag,
  hostName,
  httpsUrl,
  httpUrl,
  integer,
  list,
  logLevel,
  matching,
  nonEmptyText,
  port,
  ratio,
  secretText,
  text
} from "./kinds.ts"
import { mysqlAddress } from "./MysqlAddress.ts"
import { optional, redacted, required, type SettingValues, withDefault } from "./Setting.ts"

const poolSize = integer({ min: 1, max: 1000 })
const anyDuration = duration({ min: Duration.zero, max: Duration.days(1) })
// It becomes part of an address.
const vaultMount = matching(/^[\w-]+(\/[\w-]+)*$/, 'the path of a mount such as "transit"')
const requestBound = duration({ min: Duration.millis(100), max: Duration.seconds(25) })
const drainBound = duration({ min: Duration.zero, max: Duration.minutes(10) })

/**
 * Every setting there is. The place in this tree is the name: `restate.httpPort` is `restate.http_port` in the file and
 * WORKER_RESTATE_HTTP_PORT in the environment.
 */
export const settings = {
  instanceId: optional(text),
  region: withDefault(text, ""),
  observability: {
    tracing: { sampleRate: withDefault(ratio, 0.25) },
    logging: {
      level: withDefault(logLevel, LogLevel.Info),
      sampleRate: withDefault(ratio, 1),
      slowThreshold: withDefault(anyDuration, Duration.seconds(1))
    },
    metrics: {
      host: withDefault(nonEmptyText, "0.0.0.0"),
      // Zero: no metrics server.
      prometheusPort: withDefault(integer({ min: 0, max: 65535 }), 0)
    }
  },
  defaultDomain: withDefault(hostName, "unkey.app"),
  // Under it every available region has a wildcard of its own.
  regionalDomain: optional(hostName),
  buildPlatform: withDefault(matching(/^linux\/[a-z0-9]+(\/v\d+)?$/, "linux/<architecture>"), "linux/amd64"),
  builds: {
    maxPerWorkspace: withDefault(integer({ min: 1, max: 1000 }), 5),
    deadline: withDefault(duration({ min: Duration.minutes(1), max: Duration.hours(12) }), Duration.minutes(30))
  },
  sentinelImage: withDefault(nonEmptyText, "ghcr.io/unkeyed/unkey:local"),
  availableRegions: withDefault(list(nonEmptyText), []),
  cnameDomain: required(hostName),
  database: {
    primary: required(mysqlAddress),
    readonlyReplica: optional(mysqlAddress),
    poolSize: withDefault(poolSize, 25),
    replicaPoolSize: withDefault(poolSize, 25),
    connectionLifetime: withDefault(anyDuration, Duration.minutes(5))
  },
  vault: {
    // Without it: Unkey's own as soon as vault.url is set, as existing files have it.
    kind: withDefault(matching(/^(unkey|hashicorp|local)$/, "unkey, hashicorp or local"), "unkey"),
    url: optional(httpUrl),
    token: optional(redacted(secretText)),
    namespace: optional(nonEmptyText),
    transitMount: withDefault(vaultMount, "transit"),
    caFile: optional(nonEmptyText),
    roleId: optional(nonEmptyText),
    secretId: optional(redacted(secretText)),
    approleMount: withDefault(vaultMount, "approle"),
    kubernetesRole: optional(nonEmptyText),
    kubernetesMount: withDefault(vaultMount, "kubernetes"),
    // Where Kubernetes puts it in every pod.
    kubernetesTokenFile: withDefault(nonEmptyText, "/var/run/secrets/kubernetes.io/serviceaccount/token"),
    keyFile: optional(nonEmptyText)
  },
  acme: {
    enabled: withDefault(flag, false),
    emailDomain: withDefault(hostName, "unkey.com"),
    directoryUrl: withDefault(httpsUrl, "https://acme-v02.api.letsencrypt.org/directory"),
    profile: optional(nonEmptyText),
    externalAccount: { keyId: optional(nonEmptyText), hmacKey: optional(redacted(base64UrlSecret)) },
    preferredChain: optional(nonEmptyText),
    directoryCaFile: optional(nonEmptyText),
    route53: {
      enabled: withDefault(flag, false),
      accessKeyId: optional(redacted(secretText)),
      secretAccessKey: optional(redacted(secretText)),
      region: withDefault(nonEmptyText, "us-east-1"),
      hostedZoneId: optional(nonEmptyText),
      endpoint: optional(httpUrl)
    }
  },
  dns: {
    resolvers: withDefault(oneOrMore(list(dnsServer)), ["1.1.1.1", "8.8.8.8"]),
    // Empty: the servers that a zone itself names.
    authoritativeServers: withDefault(list(dnsServer), [])
  },
  restate: {
    adminUrl: withDefault(httpUrl, "http://restate:9070"),
    apiKey: optional(redacted(secretText)),
    httpHost: withDefault(nonEmptyText, "0.0.0.0"),
    httpPort: withDefault(port, 9080),
    registerAs: optional(httpUrl),
    // Replaces what runs under open invocations, so only a person asks for it.
    forceRegistration: withDefault(flag, false),
    requestIdentityKeys: withDefault(list(matching(/^publickeyv1_[1-9A-HJ-NP-Za-km-z]+$/, "publickeyv1_...")), []),
    // Five seconds under Kubernetes' default termination grace period of 30 s.
    drainTimeout: withDefault(drainBound, Duration.seconds(25))
  },
  depot: { apiUrl: optional(httpUrl), projectRegion: withDefault(nonEmptyText, "us-east-1") },
  registry: {
    url: optional(nonEmptyText),
    username: optional(nonEmptyText),
    password: optional(redacted(secretText)),
    // Plain HTTP, or a certificate that nobody vouches for: for registries on one's own machine.
    insecure: withDefault(flag, false)
  },
  builder: {
    // auto: the BuildKit of buildkit_address, else Depot when depot.api_url and the registry are set, else none.
    kind: withDefault(matching(/^(auto|depot|buildkit|none)$/, "auto, depot, buildkit or none"), "auto"),
    buildkitAddress: optional(
      matching(
        /^(tcp:\/\/[^\s/:]+:\d{1,5}|(unix|docker):\/\/\/\S+)$/,
        "tcp://host:port, unix:///path or docker:///path of an engine's socket"
      )
    ),
    tls: {
      caFile: optional(nonEmptyText),
      certificateFile: optional(nonEmptyText),
      keyFile: optional(nonEmptyText),
      serverName: optional(hostName)
    }
  },
  clickhouse: {
    url: optional(clickhouseAddress),
    adminUrl: optional(clickhouseAddress),
    // Well under the 30 s of a step.
    requestTimeout: withDefault(requestBound, Duration.seconds(10))
  },
  github: {
    // Zero: no GitHub App.
    appId: withDefault(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), 0),
    privateKeyPem: optional(redacted(secretText)),
    // A GitHub Enterprise Server has its API at https://<host>/api/v3.
    apiUrl: withDefault(httpUrl, "https://api.github.com"),
    // Where git clones from; without it, it follows from the API's address.
    gitUrl: optional(httpUrl),
    allowUnauthenticatedDeployments: withDefault(flag, false)
  },
  // Whoever knows one of these addresses can call it: they are secrets.
  heartbeat: {
    certRenewalUrl: optional(redacted(httpUrl)),
    quotaCheckUrl: optional(redacted(httpUrl)),
    keyRefillUrl: optional(redacted(httpUrl))
  },
  slack: { quotaCheckWebhookUrl: optional(redacted(httpUrl)) },
  // Requests in a month below which nobody looks at a workspace's quota.
  quotaCheck: { minimumUsage: withDefault(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), 150_000) },
  // Keys in one transaction; bench/RESULTS.md says why so many.
  keyRefill: { batchSize: withDefault(integer({ min: 1, max: 5_000 }), 1_000) }
}

export type Settings = SettingValues<typeof settings>
