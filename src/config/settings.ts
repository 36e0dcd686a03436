import { Duration, Either, LogLevel } from "effect"
import { domainName } from "../names/DomainName.ts"
import { delegatedLabelLength } from "../services/ChallengeRecord.ts"
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
 * Every setting there is. The place in this tree is the name: `restate.httpPort` is `restate.http_port` in the file and
 * WORKER_RESTATE_HTTP_PORT in the environment.
 */
export const settings = {
  instanceId: optional(text, "Names this process in logs and spans; `ins_` and eight random characters when not set."),
  region: withDefault(text, "", "Where this process runs, for logs and spans."),
  observability: {
    tracing: {
      sampleRate: withDefault(
        ratio,
        0.25,
        "The share of traces that are kept. Between 0 and 1 the decision of the caller holds; without an address in the OTEL_ variables nothing is traced."
      )
    },
    logging: {
      level: withDefault(logLevel, LogLevel.Info, "The least severe lines that are written, one JSON object each."),
      sampleRate: ignored(withDefault(ratio, 1, "Every line is written.")),
      slowThreshold: ignored(withDefault(anyDuration, Duration.seconds(1), "Durations are in the metrics and spans."))
    },
    metrics: {
      host: withDefault(nonEmptyText, "0.0.0.0", "The interface that `GET /metrics` is served on."),
      prometheusPort: withDefault(integer({ min: 0, max: 65535 }), 0, "The port of `GET /metrics`; 0 serves none.")
    }
  },
  defaultDomain: withDefault(
    domain,
    Either.getOrThrow(domainName("unkey.app")),
    "The apex of generated host names, which are served under one wildcard certificate."
  ),
  regionalDomain: optional(
    domain,
    "With it each available region has a wildcard certificate `*.<region>.<regional_domain>`."
  ),
  buildPlatform: withDefault(
    matching(/^linux\/[a-z0-9]+(\/v\d+)?$/, "linux/<architecture>"),
    "linux/amd64",
    "What images are built for."
  ),
  builds: {
    maxPerWorkspace: withDefault(
      integer({ min: 1, max: 1000 }),
      5,
      "Builds of one workspace that run at the same time; further ones wait, production first."
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
      "How long all instances of a region may be failed without a break before their deploy fails. krane calls an instance that runs and is not ready yet failed; a health check that allows a longer start prolongs it."
    )
  },
  sentinelImage: withDefault(
    nonEmptyText,
    "ghcr.io/unkeyed/unkey:local",
    "The image of sentinels; a deploy brings those of its environment to it and leaves their replicas and size alone."
  ),
  availableRegions: withDefault(
    list(nonEmptyText),
    [],
    "Where a deployment runs when its environment configures no region. A region that is configured has to be one of them or known to frontline."
  ),
  cnameDomain: ignored(optional(hostName, "The target that a custom domain has to point to stands in its row.")),
  database: {
    primary: required(mysqlAddress, "Where everything is written, and read from when a write depends on it."),
    readonlyReplica: optional(mysqlAddress, "Where reads go that decide no write."),
    poolSize: withDefault(poolSize, 25, "Connections to the primary."),
    replicaPoolSize: withDefault(poolSize, 25, "Connections to the replica."),
    connectionLifetime: withDefault(
      anyDuration,
      Duration.minutes(5),
      "After this time a connection is replaced once it is idle, so that a change behind a name or a proxy is followed."
    ),
    ownDatabase: optional(
      matching(/^[0-9A-Za-z_-]{1,64}$/, "the name of a database, of letters, digits, _ and -"),
      "The database of the primary's server that holds the tables of this worker alone. It has to exist. Default: that of Unkey's tables."
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
    transitMount: withDefault(vaultMount, "transit", "Where the transit engine is mounted."),
    associatedData: withDefault(
      flag,
      true,
      "Binds each ciphertext to its row, so that it is refused in another one. false: writes plain ciphertexts of the engine, for readers that do not know the form of bound ones; both are read."
    ),
    caFile: optional(
      nonEmptyText,
      "The authorities in PEM that sign the vault's certificate, instead of the system's."
    ),
    roleId: optional(nonEmptyText, "The AppRole that logs in, together with `vault.secret_id`."),
    secretId: optional(redacted(secretText), "The AppRole's secret."),
    approleMount: withDefault(vaultMount, "approle", "Where the AppRole method is mounted."),
    kubernetesRole: optional(nonEmptyText, "The role that logs in with the pod's service account."),
    kubernetesMount: withDefault(vaultMount, "kubernetes", "Where the Kubernetes method is mounted."),
    kubernetesTokenFile: withDefault(
      nonEmptyText,
      "/var/run/secrets/kubernetes.io/serviceaccount/token",
      "The service account's token; the default is where Kubernetes puts it in every pod. It is read anew at each login."
    ),
    keyFile: optional(nonEmptyText, "The file of a local vault: one key a line, the last one encrypts.")
  },
  acme: {
    enabled: withDefault(flag, false, "Whether certificates are ordered; until then challenges wait."),
    emailDomain: withDefault(hostName, "unkey.com", "The account's contact is `acme@` this domain."),
    directoryUrl: withDefault(httpsUrl, "https://acme-v02.api.letsencrypt.org/directory", "The certificate authority."),
    profile: optional(nonEmptyText, "A profile that the authority offers, such as `shortlived`."),
    externalAccount: {
      keyId: optional(nonEmptyText, "The key id of an external account, where the authority wants one."),
      hmacKey: optional(redacted(base64UrlSecret), "The key of the external account.")
    },
    preferredChain: optional(
      nonEmptyText,
      "The common name of the root whose chain is taken, where several are offered."
    ),
    directoryCaFile: optional(nonEmptyText, "The authorities in PEM that sign the directory's own certificate."),
    delegationDomain: optional(
      parentDomain(delegatedLabelLength),
      "The domain to which owners of wildcard domains delegate their challenges; without it customers cannot have wildcard domains."
    ),
    route53: {
      enabled: withDefault(flag, false, "Whether wildcards are proved through Route 53."),
      accessKeyId: optional(redacted(secretText), "The id of the access key."),
      secretAccessKey: optional(redacted(secretText), "The access key."),
      region: withDefault(nonEmptyText, "us-east-1", "The region that requests are signed for."),
      hostedZoneId: optional(
        nonEmptyText,
        "The zone of every record. Without it the records of the platform are in the closest public zone above them, and those of customers in the public zone of exactly the name `acme.delegation_domain`."
      ),
      endpoint: optional(
        httpUrl({ secret: "requests that the access key signs" }),
        "Another address of the API, for stand-ins."
      )
    }
  },
  customDomains: {
    daysWithoutProof: withDefault(
      integer({ min: 1, max: 365 }),
      7,
      "Days for which the TXT record that proves a custom domain may be gone before the domain is no longer served."
    )
  },
  dns: {
    resolvers: withDefault(
      oneOrMore(list(dnsServer)),
      ["1.1.1.1", "8.8.8.8"],
      "Who is asked about custom domains; those that answer have to agree."
    ),
    authoritativeServers: withDefault(
      list(dnsServer),
      [],
      "Who is asked whether a challenge's record is visible, for private zones; without any, the servers that the zone names, at public addresses alone."
    )
  },
  restate: {
    adminUrl: withDefault(
      httpUrl({ secret: "restate.api_key", when: (given) => isGiven(given, "restate.api_key") }),
      "http://restate:9070",
      "Restate's admin API."
    ),
    apiKey: optional(redacted(secretText), "The bearer for the admin API."),
    httpHost: withDefault(nonEmptyText, "0.0.0.0", "The interface that Restate and probes reach."),
    httpPort: withDefault(port, 9080, "The port for Restate (h2c and HTTP/1.1) and `/health/*`."),
    registerAs: optional(
      httpUrl("nothing secret"),
      "Registers this address with Restate at the start and is not ready before; a new build has to have a new address."
    ),
    forceRegistration: withDefault(
      flag,
      false,
      "Overwrites the deployment at that address under its open invocations; only ever by hand."
    ),
    requestIdentityKeys: withDefault(
      list(matching(/^publickeyv1_[1-9A-HJ-NP-Za-km-z]+$/, "publickeyv1_...")),
      [],
      "The public keys of the Restate servers that may call; without any, everybody who reaches the port may."
    ),
    concurrentAttempts: withDefault(
      integer({ min: 16, max: 100_000 }),
      512,
      "Attempts of invocations that run at the same time, about 0.3 MiB each; further ones wait, and those that wait for something else are suspended."
    ),
    drainTimeout: withDefault(
      drainBound,
      Duration.seconds(25),
      "How long running attempts may take to end after SIGTERM; five seconds under Kubernetes' default grace period."
    )
  },
  depot: {
    apiUrl: optional(httpUrl({ secret: "Depot's token" }), "Depot's API."),
    projectRegion: withDefault(nonEmptyText, "us-east-1", "Where new projects of Depot are made."),
    projectPrefix: withDefault(
      matching(/^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/, "at most 32 letters, digits and inner `-`"),
      "unkey",
      "Depot projects are named `<prefix>-<project>`: installations that share an account need prefixes of their own."
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
      "The pusher's password; with Depot its token. Where the registry gives tokens it stays in the worker."
    ),
    insecure: withDefault(
      flag,
      false,
      "Plain HTTP, or a certificate that no trusted authority has signed: for registries on one's own machine."
    )
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
      certificateFile: optional(nonEmptyText, "The certificate that the worker shows."),
      keyFile: optional(nonEmptyText, "The key of that certificate."),
      serverName: optional(hostName, "The name that BuildKit's certificate has to have, instead of the address's.")
    }
  },
  clickhouse: {
    url: optional(
      clickhouseAddress,
      "Where usage and traffic are read and build telemetry is written. Native addresses are spoken to over HTTP: ports 9000 and 9440 become 8123 and 8443; `secure` and `skip_verify` are understood."
    ),
    adminUrl: optional(clickhouseAddress, "Who makes users; ClickhouseUserService is served only with it."),
    // Well under the 30 s of a step.
    requestTimeout: withDefault(requestBound, Duration.seconds(10), "How long one request may take.")
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
      "Whether builds read repositories without the App, also where there is one: public repositories alone can be built then, and commits have no statuses."
    )
  },
  // Whoever knows one of these addresses can call it: they are secrets.
  heartbeat: {
    certRenewalUrl: optional(redacted(fullUrl(itself)), "Called with GET when a renewal run has ended well."),
    quotaCheckUrl: optional(redacted(fullUrl(itself)), "Called with GET when a quota check has ended well."),
    keyRefillUrl: optional(redacted(fullUrl(itself)), "Called with GET when a refill has ended well.")
  },
  slack: { quotaCheckWebhookUrl: optional(redacted(fullUrl(itself)), "Where a quota that is exceeded is told of.") },
  quotaCheck: {
    minimumUsage: withDefault(anyCount, 150_000, "Requests in a month below which nobody looks at a workspace's quota.")
  },
  keyRefill: {
    batchSize: withDefault(
      integer({ min: 1, max: 5_000 }),
      1_000,
      "Keys in one transaction; bench/RESULTS.md says why so many."
    )
  }
}

export type Settings = SettingValues<typeof settings>
