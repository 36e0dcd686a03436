import { Context, Effect, Layer, Option, type Scope } from "effect"
import { Monitor, monitor } from "../simulators/Monitor.ts"
import { simulatorDatabase } from "../simulators/SimulatorDatabase.ts"
import { SlackServer, slackServer } from "../simulators/SlackServer.ts"
import { VaultServer, vaultServer } from "../simulators/VaultServer.ts"
import { Builds, buildSettings, builds } from "./Builds.ts"
import { Certification, certification, delegationDomain } from "./Certification.ts"
import { ClickhouseServer, clickhouseServer } from "./ClickhouseServer.ts"
import { MySqlServer, mySqlServer } from "./MySqlServer.ts"
import { optionalPart } from "./Optional.ts"
import type { ManagedProcess } from "./Process.ts"
import { RestateServer, type RestateServerOptions, restateServer } from "./RestateServer.ts"
import { RunDirectoryLive } from "./RunDirectory.ts"
import { vaultEnvironment } from "./Vault.ts"

/** URL of the database that the worker shares with other services. */
export class StackDatabase extends Context.Tag("ctrl-worker/dev/StackDatabase")<StackDatabase, string>() {}

/** The ClickHouse database; none if unavailable. */
export class Analytics extends Context.Tag("ctrl-worker/dev/Analytics")<
  Analytics,
  Option.Option<Context.Tag.Service<ClickhouseServer>>
>() {}

export interface WholeStackOptions<E> {
  /** Selects or creates the database on the server; the worker creates its tables. */
  readonly database: Effect.Effect<string, E, MySqlServer | Scope.Scope>
  /** Parent domain of generated host names. */
  readonly apex: string
  /** Workspaces that can get an analytics login if only ClickHouse's engine is available. */
  readonly analyticsUsers: ReadonlyArray<string>
  readonly restate?: RestateServerOptions
  /** The repository on the stack's GitHub, and the App installation that can read it. Absent if builds are unavailable. */
  readonly builds?: { readonly repository: string; readonly installation: string }
}

/** All services around a worker, for the layer's lifetime: servers, and simulators of foreign services. */
export const wholeStack = <E>({ analyticsUsers, apex, database, restate, ...options }: WholeStackOptions<E>) =>
  certification(apex).pipe(
    Layer.provideMerge(Layer.unwrapEffect(Effect.map(StackDatabase, simulatorDatabase))),
    Layer.provideMerge(Layer.scoped(StackDatabase, database)),
    Layer.provideMerge(
      Layer.mergeAll(
        mySqlServer,
        restateServer(restate),
        vaultServer(),
        slackServer,
        monitor,
        options.builds === undefined
          ? Layer.succeed(Builds, Option.none())
          : builds(options.builds.repository, options.builds.installation),
        optionalPart(
          Analytics,
          "the analytics database",
          clickhouseServer({ users: analyticsUsers }),
          ClickhouseServer
        ),
        RunDirectoryLive
      )
    )
  )

/** A worker's settings for the stack's optional services, by configuration name. */
export const stackSettings = Effect.gen(function* () {
  const vault = yield* vaultEnvironment
  const { url: slack } = yield* SlackServer
  const { url: monitoring } = yield* Monitor
  const analytics = Option.match(yield* Analytics, {
    onNone: () => ({}),
    onSome: ({ url }) => ({ WORKER_CLICKHOUSE_URL: url, WORKER_CLICKHOUSE_ADMIN_URL: url })
  })
  const certificates = Option.match(yield* Certification, {
    onNone: () => ({}),
    onSome: ({ authority, dns, zones }) => ({
      WORKER_ACME_ENABLED: "true",
      WORKER_ACME_DIRECTORY_URL: authority.directoryUrl,
      WORKER_ACME_DIRECTORY_CA_FILE: authority.tlsRootFile,
      WORKER_ACME_DELEGATION_DOMAIN: delegationDomain,
      WORKER_ACME_ROUTE53_ENABLED: "true",
      WORKER_ACME_ROUTE53_ENDPOINT: zones.endpoint,
      WORKER_ACME_ROUTE53_ACCESS_KEY_ID: "local",
      WORKER_ACME_ROUTE53_SECRET_ACCESS_KEY: "local",
      WORKER_DNS_RESOLVERS: dns.dns,
      WORKER_DNS_AUTHORITATIVE_SERVERS: dns.dns
    })
  })
  const building = Option.match(yield* Builds, { onNone: () => ({}), onSome: buildSettings })
  const settings: Readonly<Record<string, string>> = {
    ...vault,
    ...building,
    ...analytics,
    ...certificates,
    WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: slack,
    WORKER_HEARTBEAT_CERT_RENEWAL_URL: `${monitoring}/cert-renewal`,
    WORKER_HEARTBEAT_QUOTA_CHECK_URL: `${monitoring}/quota-check`,
    WORKER_HEARTBEAT_KEY_REFILL_URL: `${monitoring}/key-refill`
  }
  return settings
})

/** All addresses, for logs and scripts. Excludes unavailable services. */
export const stackAddresses = Effect.gen(function* () {
  const { admin, ingress } = yield* RestateServer
  const analytics = Option.map(yield* Analytics, ({ url }) => ({ clickhouse: url }))
  const certificates = Option.map(yield* Certification, ({ authority, dns, frontline, zones }) => ({
    acme: authority.directoryUrl,
    acmeRootFile: authority.tlsRootFile,
    dns: dns.dns,
    dnsManagement: dns.management,
    frontline: `http://127.0.0.1:${frontline.port}`,
    route53: zones.endpoint
  }))
  const addresses: Readonly<Record<string, string>> = {
    ingress,
    admin,
    database: yield* StackDatabase,
    vault: (yield* VaultServer).url,
    slack: (yield* SlackServer).url,
    monitor: (yield* Monitor).url,
    ...Option.getOrUndefined(
      Option.map(yield* Builds, ({ origin: { git }, registry }) => ({ git: git.url, registry: registry.host }))
    ),
    ...Option.getOrUndefined(analytics),
    ...Option.getOrUndefined(certificates)
  }
  return addresses
})

/** All processes of this stack. */
export const stackProcesses = Effect.gen(function* () {
  const parts = Option.match(yield* Certification, {
    onNone: () => [],
    onSome: ({ authority, dns }) => [authority.process, dns.process]
  })
  const processes: ReadonlyArray<ManagedProcess> = [
    ...Option.toArray((yield* MySqlServer).process),
    ...(yield* RestateServer).processes,
    ...Option.toArray(Option.flatMap(yield* Analytics, (server) => server.process)),
    ...Option.toArray(Option.flatMap(yield* Builds, ({ buildkit }) => buildkit.process)),
    ...parts
  ]
  return processes
})
