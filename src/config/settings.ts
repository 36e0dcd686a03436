import { Duration, Either, LogLevel } from "effect"
import { domainName } from "../names/DomainName.ts"
import { delegatedLabelLength } from "../services/dns/ChallengeRecord.ts"
import { buildkitAddress } from "./buildkitAddress.ts"
import { clickhouseAddress } from "./ClickhouseAddress.ts"
import { dnsServer } from "./dnsServer.ts"
import { fullUrl, httpsUrl, httpUrl } from "./httpAddresses.ts"
import {
  base64UrlSecret,
  domain,
  duration,
  flag,
  hostName,
  integer,
  list,
  logLevel,
  matching,
  nonEmptyText,
  oneOf,
  oneOrMore,
  parentDomain,
  port,
  ratio,
  secretText,
  text
} from "./kinds.ts"
import { mysqlAddress } from "./MysqlAddress.ts"
import { privateKeyPem } from "./privateKeyPem.ts"
import { registryAddress } from "./registryAddress.ts"
import {
  type Given,
  ignored,
  isGiven,
  optional,
  redacted,
  required,
  type SettingValues,
  withDefault
} from "./Setting.ts"

const poolSize = integer({ min: 1, max: 1000 })
const anyDuration = duration({ min: Duration.zero, max: Duration.days(1) })
// It becomes part of an address.
const vaultMount = matching(/^[\w-]+(\/[\w-]+)*$/, 'the path of a mount such as "transit"')
const requestBound = duration({ min: Duration.millis(100), max: Duration.seconds(25) })
const drainBound = duration({ min: Duration.zero, max: Duration.minutes(10) })
const anyCount = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

const hasApp = (given: Given): boolean => isGiven(given, "github.private_key_pem")
const itself = { secret: "the address itself: any caller that knows it can call it" }

/**
 * All settings. The path in this tree is the name: `restate.httpPort` is `restate.http_port` in the file and
 * WORKER_RESTATE_HTTP_PORT in the environment.
 */
export const settings = {
  instanceId: optional(text, "Names this process in logs and spans; `ins_` and eight random characters when not set."),
  region: withDefault(text, "", "The region of this process, for logs and spans."),
  observability: {
    tracing: {
      sampleRate: withDefault(
        ratio,
        0.25,
        "The share of traces that are sampled. Between 0 and 1 the caller's sampling decision is used; without an endpoint in the OTEL_ variables nothing is traced."
      )
    },
    logging: {
      level: withDefault(logLevel, LogLevel.Info, "The minimum level of log lines, one JSON object each."),
      sampleRate: ignored(withDefault(ratio, 1, "Every line is written.")),
      slowThreshold: ignored(withDefault(anyDuration, Duration.seconds(1), "Durations are in the metrics and spans."))
    },
    metrics: {
      host: withDefault(nonEmptyText, "0.0.0.0", "The address on which `GET /metrics` listens."),
      prometheusPort: withDefault(integer({ min: 0, max: 65535 }), 0, "The port of `GET /metrics`; 0 disables it.")
    }
  },
  defaultDomain: withDefault(
    domain,
    Either.getOrThrow(domainName("unkey.app")),
    "The apex of generated host names, which are served under one wildcard certificate."
  ),
  regionalDomain: optional(
    domain,
    "If set, each available region has a wildcard certificate `*.<region>.<regional_domain>`."
  ),
  buildPlatform: withDefault(
    matching(/^linux\/[a-z0-9]+(\/v\d+)?$/, "linux/<architecture>"),
    "linux/amd64",
    "The platform of built images."
  ),
  builds: {
    maxPerWorkspace: withDefault(
      integer({ min: 1, max: 1000 }),
      5,
      "Concurrent builds of one workspace; further ones wait, production first."
    ),
    deadline: withDefault(
      duration({ min: Duration.minutes(1), max: Duration.hours(12) }),
      Duration.minutes(30),
      "How long a build may run before it is cancelled and its deployment fails."
    ),
    environmentSecrets: withDefault(
      flag,
      false,
      "Whether a build may read the environment variables of its deployment as BuildKit secrets: all of them as `.env`, and each under its name."
    )
  },
  deploys: {
    failureGrace: withDefault(
      duration({ min: Duration.seconds(1), max: Duration.minutes(15) }),
      Duration.minutes(3),
      "How long all instances of a region may be continuously failed before the deploy fails. krane reports a running instance that is not ready yet as failed; a health check that allows a longer start prolongs it."
    )
  },
  sentinelImage: withDefault(
    nonEmptyText,
    "ghcr.io/unkeyed/unkey:local",
    "The image of sentinels; a deploy updates the image of its environment's sentinels and leaves their replicas and size unchanged."
  ),
  availableRegions: withDefault(
    list(nonEmptyText),
    [],
    "The regions of a deployment whose environment configures none. A configured region has to be one of these or known to frontline."
  ),
  cnameDomain: ignored(optional(hostName, "The target of a custom domain is in its row.")),
  database: {
    primary: required(mysqlAddress, "The primary: all writes, and reads on which a write depends."),
    readonlyReplica: optional(mysqlAddress, "A replica for reads on which no write depends."),
    poolSize: withDefault(poolSize, 25, "Connections to the primary."),
    replicaPoolSize: withDefault(poolSize, 25, "Connections to the replica."),
    connectionLifetime: withDefault(
      anyDuration,
      Duration.minutes(5),
      "Maximum age of a connection, which is then replaced once it is idle, so that changes of DNS or of a proxy take effect."
    ),
    ownDatabase: optional(
      matching(/^[0-9A-Za-z_-]{1,64}$/, "the name of a database, of letters, digits, _ and -"),
      "The database on the primary's server for this worker's own tables. It has to exist. Default: the database of Unkey's tables."
    ),
    migrate: withDefault(
      matching(/^(auto|off)$/, "auto or off"),
      "auto",
      "auto: a start applies pending migrations. off: a start with pending migrations fails, and `migrate --apply` applies them. A start without pending migrations runs no DDL in either mode."
    )
  },
  vault: {
    kind: withDefault(
      oneOf("unkey", "hashicorp", "local"),
      "unkey",
      "Unkey's own vault, the transit engine of HashiCorp Vault or OpenBao, or a key file for development. Without `vault.url` the default is no vault."
    ),
    url: optional(httpUrl({ secret: "the vault's token and what is encrypted" }), "The address of the vault."),
    token: optional(redacted(secretText), "The bearer of Unkey's vault, or a token of HashiCorp Vault."),
    namespace: optional(nonEmptyText, "A namespace of HashiCorp Vault Enterprise or OpenBao."),
    transitMount: withDefault(vaultMount, "transit", "The mount path of the transit engine."),
    associatedData: withDefault(
      flag,
      true,
      "Binds each ciphertext to its row, so that it cannot be decrypted in another one. false: writes the engine's plain ciphertexts, for readers that do not support bound ones. Both forms are read."
    ),
    caFile: optional(
      nonEmptyText,
      "The authorities in PEM that sign the vault's certificate, instead of the system's."
    ),
    roleId: optional(nonEmptyText, "The AppRole that logs in, together with `vault.secret_id`."),
    secretId: optional(redacted(secretText), "The AppRole's secret."),
    approleMount: withDefault(vaultMount, "approle", "The mount path of the AppRole method."),
    kubernetesRole: optional(nonEmptyText, "The role that logs in with the pod's service account."),
    kubernetesMount: withDefault(vaultMount, "kubernetes", "The mount path of the Kubernetes method."),
    kubernetesTokenFile: withDefault(
      nonEmptyText,
      "/var/run/secrets/kubernetes.io/serviceaccount/token",
      "The file of the service account's token; the default is its path in every pod. Read again at each login."
    ),
    keyFile: optional(nonEmptyText, "The file of a local vault: one key a line, the last one encrypts.")
  },
  acme: {
    enabled: withDefault(flag, false, "Whether certificates are ordered; challenges wait while false."),
    emailDomain: withDefault(hostName, "unkey.com", "The account's contact is `acme@` this domain."),
    directoryUrl: withDefault(httpsUrl, "https://acme-v02.api.letsencrypt.org/directory", "The certificate authority."),
    profile: optional(nonEmptyText, "A profile that the authority offers, such as `shortlived`."),
    externalAccount: {
      keyId: optional(nonEmptyText, "The key id of an external account binding, if the authority requires one."),
      hmacKey: optional(redacted(base64UrlSecret), "The key of the external account.")
    },
    preferredChain: optional(
      nonEmptyText,
      "The common name of the root of the preferred chain, if several are offered."
    ),
    directoryCaFile: optional(nonEmptyText, "The authorities in PEM that sign the directory's own certificate."),
    delegationDomain: optional(
      parentDomain(delegatedLabelLength),
      "The domain to which owners of wildcard domains delegate their challenges; without it customers cannot have wildcard domains."
    ),
    route53: {
      enabled: withDefault(flag, false, "Whether dns-01 challenges are answered through Route 53."),
      accessKeyId: optional(redacted(secretText), "The id of the access key."),
      secretAccessKey: optional(redacted(secretText), "The access key."),
      region: withDefault(nonEmptyText, "us-east-1", "The region that requests are signed for."),
      hostedZoneId: optional(
        nonEmptyText,
        "The zone of every record. Without it the records of the platform are in the closest public zone above them, and those of customers in the public zone of exactly the name `acme.delegation_domain`."
      ),
      endpoint: optional(
        httpUrl({ secret: "requests that the access key signs" }),
        "Another address of the API, for simulators."
      )
    }
  },
  customDomains: {
    daysWithoutProof: withDefault(
      integer({ min: 1, max: 365 }),
      7,
      "Days for which the ownership TXT record of a custom domain may be missing before the domain is no longer served."
    )
  },
  dns: {
    resolvers: withDefault(
      oneOrMore(list(dnsServer)),
      ["1.1.1.1", "8.8.8.8"],
      "The resolvers that check custom domains; those that answer have to agree."
    ),
    authoritativeServers: withDefault(
      list(dnsServer),
      [],
      "The servers that are asked whether a challenge's record is visible, for private zones. Default: the zone's own name servers, at public addresses only."
    )
  },
  restate: {
    adminUrl: withDefault(
      httpUrl({ secret: "restate.api_key", when: (given) => isGiven(given, "restate.api_key") }),
      "http://restate:9070",
      "Restate's admin API."
    ),
    apiKey: optional(redacted(secretText), "The bearer for the admin API."),
    httpHost: withDefault(nonEmptyText, "0.0.0.0", "The address on which the port for Restate and probes listens."),
    httpPort: withDefault(port, 9080, "The port for Restate (h2c and HTTP/1.1) and `/health/*`."),
    registerAs: optional(
      httpUrl("nothing secret"),
      "Registers this address with Restate at the start; not ready before. A new build needs a new address."
    ),
    forceRegistration: withDefault(
      flag,
      false,
      "Overwrites the deployment at that address even if it has open invocations; for manual use only."
    ),
    requestIdentityKeys: withDefault(
      list(matching(/^publickeyv1_[1-9A-HJ-NP-Za-km-z]+$/, "publickeyv1_...")),
      [],
      "The public keys of the Restate servers that may call; without any, requests are not authenticated."
    ),
    concurrentAttempts: withDefault(
      integer({ min: 16, max: 100_000 }),
      512,
      "Concurrent attempts of invocations, about 0.3 MiB each; further ones wait, and idle attempts are suspended."
    ),
    drainTimeout: withDefault(
      drainBound,
      Duration.seconds(25),
      "The drain time of running attempts after SIGTERM; five seconds below Kubernetes' default grace period."
    )
  },
  depot: {
    apiUrl: optional(httpUrl({ secret: "Depot's token" }), "Depot's API."),
    projectRegion: withDefault(nonEmptyText, "us-east-1", "The region of new Depot projects."),
    projectPrefix: withDefault(
      matching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/, "at most 32 letters, digits and inner `-`"),
      "unkey",
      "Depot projects are named `<prefix>-<project>`: installations that share an account need different prefixes."
    ),
    projectId: optional(
      matching(/^[A-Za-z0-9]{1,64}$/, "the id of a Depot project"),
      "The one Depot project of all builds, whose repository `<registry.url>/<project_id>` keeps all images under one retention. Without it each project has its own, and its images last as long as that one keeps them."
    )
  },
  registry: {
    url: optional(
      registryAddress,
      "The registry that built images are pushed to, each project's into a repository of its own: `<url>/<workspace>/<project>`. No build reads from it."
    ),
    username: optional(nonEmptyText, "Who pushes."),
    password: optional(
      redacted(secretText),
      "The pusher's password; with Depot its token. If the registry issues tokens, the password stays in the worker."
    ),
    insecure: withDefault(flag, false, "Allows plain HTTP and untrusted certificates, for local registries.")
  },
  builder: {
    kind: withDefault(
      oneOf("auto", "depot", "buildkit", "none"),
      "auto",
      "auto is the BuildKit of `builder.buildkit_address`, else Depot when `depot.api_url` and the registry are set, else none."
    ),
    buildkitAddress: optional(buildkitAddress, "A BuildKit of one's own."),
    insecure: withDefault(
      flag,
      false,
      "Whether a BuildKit on another machine may be reached without TLS: anyone who reaches its port controls it and reads every build."
    ),
    tls: {
      caFile: optional(
        nonEmptyText,
        "The authorities in PEM that sign BuildKit's certificate. Any setting of `builder.tls` switches TLS on."
      ),
      certificateFile: optional(nonEmptyText, "The client certificate of the worker."),
      keyFile: optional(nonEmptyText, "The key of the client certificate."),
      serverName: optional(hostName, "The expected name in BuildKit's certificate, instead of the address's host.")
    }
  },
  clickhouse: {
    url: optional(
      clickhouseAddress,
      "The server for reads of usage and traffic and for build telemetry. Native addresses are used over HTTP: ports 9000 and 9440 become 8123 and 8443; `secure` and `skip_verify` are supported."
    ),
    adminUrl: optional(
      clickhouseAddress,
      "The server and account that create users; ClickhouseUserService is served only with it."
    ),
    // Well under the 30 s of a step.
    requestTimeout: withDefault(requestBound, Duration.seconds(10), "Timeout of one request.")
  },
  github: {
    appId: withDefault(
      anyCount,
      0,
      "The id of the GitHub App that clones and reports; 0 is none, also beside a key where `allow_unauthenticated_deployments` is true."
    ),
    privateKeyPem: optional(redacted(privateKeyPem), "The App's private key in PEM."),
    apiUrl: withDefault(
      httpUrl({ secret: "tokens of the GitHub App", when: hasApp }),
      "https://api.github.com",
      "The API; that of a GitHub Enterprise Server is `https://<host>/api/v3`."
    ),
    gitUrl: optional(
      httpUrl({ secret: "tokens of the GitHub App", when: hasApp }),
      "Where git clones from; without it, it follows from the API's address."
    ),
    allowUnauthenticatedDeployments: withDefault(
      flag,
      false,
      "Whether builds read repositories without the App, even if one is configured: only public repositories can be built then, and commits have no statuses."
    )
  },
  // Secrets: knowing such an address is enough to call it.
  heartbeat: {
    certRenewalUrl: optional(redacted(fullUrl(itself)), "Called with GET after a successful renewal run."),
    quotaCheckUrl: optional(redacted(fullUrl(itself)), "Called with GET after a successful quota check."),
    keyRefillUrl: optional(redacted(fullUrl(itself)), "Called with GET after a successful refill.")
  },
  slack: {
    quotaCheckWebhookUrl: optional(redacted(fullUrl(itself)), "The webhook for notices about exceeded quotas.")
  },
  quotaCheck: {
    minimumUsage: withDefault(anyCount, 150_000, "Requests per month below which a workspace's quota is not checked.")
  },
  keyRefill: {
    batchSize: withDefault(
      integer({ min: 1, max: 5_000 }),
      1_000,
      "Keys per transaction; see bench/RESULTS.md for the measurements."
    )
  }
}

export type Settings = SettingValues<typeof settings>
