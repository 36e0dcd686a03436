import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { VaultSettings } from "../../config/vault.ts"
import { WorkerConfig, type WorkerConfigShape } from "../../config.ts"
import { openBuildkit, ping as pingBuildkit } from "../../layers/builder/buildkit/BuildkitClient.ts"
import type { DepotBuilderOptions } from "../../layers/builder/DepotBuilderLive.ts"
import { depotApi, isDenied } from "../../layers/builder/depot/DepotApi.ts"
import type { Registry } from "../../layers/builder/Registry.ts"
import { connectClickhouse } from "../../layers/clickhouse/ClickhouseConnection.ts"
import { ClickhouseUsersLive } from "../../layers/clickhouse/ClickhouseUsersLive.ts"
import { Route53ZoneLive, type Route53ZoneOptions } from "../../layers/dns/Route53ZoneLive.ts"
import { ImageRegistryHttpLive } from "../../layers/ImageRegistryHttp.ts"
import { DependencyFailed } from "../../operations/dependencies.ts"
import { RestateAdmin } from "../../operations/RestateAdmin.ts"
import { describeElsewhere } from "../../operations/RestateVersions.ts"
import { GitHub } from "../../services/builds/GitHub.ts"
import { ImageRegistry } from "../../services/builds/ImageRegistry.ts"
import { Acme } from "../../services/certificate/Acme.ts"
import { ClickhouseUsers } from "../../services/clickhouseUser/ClickhouseUsers.ts"
import type { ChallengeRecord } from "../../services/dns/ChallengeRecord.ts"
import { DnsResolver } from "../../services/dns/DnsResolver.ts"
import { DnsZone } from "../../services/dns/DnsZone.ts"
import { Vault } from "../../services/vault/Vault.ts"
import { Admin, Repositories, Resolver } from "../adapters.ts"
import { buildkitAt } from "../builds.ts"
import { CertificateAuthority } from "../certificates.ts"
import { clickhouseAt } from "../clickhouse.ts"
import { openVault } from "../vault.ts"

export type Probe = Effect.Effect<string, DependencyFailed>

/** Scheme, host and port; a path may hold a secret, and a user's name a password. */
const originOf = (address: string): string => {
  const url = URL.canParse(address) ? new URL(address) : null
  return url === null || url.host === "" ? address : `${url.protocol}//${url.host}`
}

/** The services' errors say why, without secrets; the advice here names the setting, and the address is the one that was asked. */
const advising =
  (advice: string, address?: string) =>
  <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>): Effect.Effect<A, DependencyFailed, R> =>
    Effect.mapError(
      effect,
      ({ message }) =>
        new DependencyFailed({ reason: address === undefined ? message : `${originOf(address)}: ${message}`, advice })
    )

/** Builds a layer for one probe and releases it afterwards. */
const asking = <I, S, A, E, LE>(
  tag: Context.Tag<I, S>,
  layer: Layer.Layer<I, LE>,
  question: (service: S) => Effect.Effect<A, E>
): Effect.Effect<A, E | LE> =>
  Effect.scoped(Effect.flatMap(Layer.build(layer), (context) => question(Context.get(context, tag))))

const given = (config: WorkerConfigShape) => Layer.succeed(WorkerConfig, config)

export const restate = (config: WorkerConfigShape): Probe => {
  const uri = config.restate.registerAs
  const found = ({ health, stateOf, version }: RestateAdmin["Type"]) =>
    Effect.gen(function* () {
      yield* health
      const server = `Restate ${yield* version}`
      if (Option.isNone(uri)) return `${server}; this worker does not register itself`
      const state = yield* stateOf(uri.value)
      if (!state.isRegistered) return `${server}; this worker is not registered yet and does it when it starts`
      const warning = state.elsewhere.length === 0 ? "" : `, but ${describeElsewhere(state)}`
      return `${server}; this worker is registered${warning}`
    })
  return asking(RestateAdmin, Layer.provide(Admin, given(config)), found).pipe(
    // The error's own advice is about registration.
    Effect.mapError(({ detail, reason }) => ({ message: `${reason} (${detail})` })),
    advising("Check that Restate runs, restate.admin_url and restate.api_key", config.restate.adminUrl)
  )
}

const vaultAdvice = {
  unkey: "Check vault.url and vault.token",
  hashicorp: "Check vault.url, that the vault is unsealed, and the token or role in vault.*",
  local: "Check vault.key_file"
}

/** A starting worker creates the file of a local vault; a check does not. */
const isYetToBeMade = (settings: VaultSettings) =>
  settings.kind === "local"
    ? Effect.map(
        Effect.flatMap(FileSystem.FileSystem, (files) => files.exists(settings.keyFile)),
        (exists) => !exists
      )
    : Effect.succeed(false)

/**
 * Whether the vault binds ciphertexts to their purpose, by its self-test. A vault that refuses the test's key says
 * nothing about other keys.
 */
const bindingOf = ({ bindsPurpose }: Vault["Type"]) =>
  bindsPurpose.pipe(
    Effect.map((binds) =>
      binds
        ? "binds ciphertexts to their rows"
        : "does not bind ciphertexts to their rows: one that is moved to another row is decrypted there"
    ),
    Effect.catchIf(
      ({ reason }) => reason === "denied",
      () => Effect.succeed("whether it binds ciphertexts to their rows is not known: the test's key may not be used")
    )
  )

export const vault = (settings: VaultSettings): Probe =>
  Effect.gen(function* () {
    if (yield* isYetToBeMade(settings)) return "local; a worker makes the key file when it starts"
    const binding = yield* asking(Vault, Layer.provide(openVault(settings), NodeFileSystem.layer), (opened) =>
      Effect.zipRight(opened.check, bindingOf(opened))
    )
    return `${settings.kind}; ${binding}`
  }).pipe(
    Effect.provide(NodeFileSystem.layer),
    advising(vaultAdvice[settings.kind], settings.kind === "local" ? undefined : settings.url)
  )

const Version = Schema.Struct({ version: Schema.String })

export const clickhouse = (config: WorkerConfigShape) => (): Probe =>
  Effect.flatMap(Effect.orDie(clickhouseAt(config, config.clickhouse.url)), (options) =>
    Effect.gen(function* () {
      const { select } = yield* connectClickhouse(options)
      const [row] = yield* select("check", "SELECT version() AS version", {}, Version)
      return `ClickHouse ${row?.version ?? ""}`
    }).pipe(Effect.scoped, advising("Check clickhouse.url, with its user and password", options.url))
  )

export const clickhouseAdmin = (config: WorkerConfigShape) => (): Probe =>
  Effect.flatMap(Effect.orDie(clickhouseAt(config, config.clickhouse.adminUrl)), (options) =>
    asking(ClickhouseUsers, ClickhouseUsersLive(options), ({ check }) => check).pipe(
      Effect.as("accepts the user"),
      advising("Check clickhouse.admin_url, with its user and password", options.url)
    )
  )

/** The worker ignores unavailable servers as well, as long as one answers. */
export const resolvers = (config: WorkerConfigShape): Probe =>
  asking(DnsResolver, Layer.provide(Resolver, given(config)), ({ txt }) => txt(config.defaultDomain)).pipe(
    Effect.flatMap((answers) => {
      const away = answers.flatMap(({ answer, server }) =>
        answer._tag === "Failed" ? [`${server} does not answer (${answer.reason})`] : []
      )
      const answering = answers.flatMap(({ answer, server }) => (answer._tag === "Failed" ? [] : [server]))
      return answering.length === 0
        ? new DependencyFailed({ reason: away.join(", "), advice: "Check dns.resolvers and that UDP port 53 is open" })
        : Effect.succeed(
            [`${answering.join(", ")} ${answering.length === 1 ? "answers" : "answer"}`, ...away].join("; ")
          )
    })
  )

export const authority =
  (config: WorkerConfigShape) =>
  (directoryUrl: string): Probe =>
    Effect.scoped(
      Effect.flatMap(
        Layer.build(Layer.provide(CertificateAuthority, given(config))),
        (context) => Context.get(context, Acme).check
      )
    ).pipe(
      Effect.as(new URL(directoryUrl).host),
      advising("Check acme.directory_url and acme.directory_ca_file", directoryUrl)
    )

/** Each domain with wildcard certificates needs a zone that accepts its record. */
export const zone =
  (records: ReadonlyArray<{ readonly domain: string; readonly record: ChallengeRecord }>) =>
  (options: Route53ZoneOptions): Probe =>
    asking(DnsZone, Route53ZoneLive(options), ({ check }) =>
      Effect.forEach(records, ({ record }) => check(record), { discard: true })
    ).pipe(
      Effect.as(`holds ${records.map(({ domain }) => domain).join(", ")}`),
      advising("Check acme.route53.*, and that the key may list zones and read their records")
    )

export const registry = (settings: Registry): Probe =>
  asking(ImageRegistry, ImageRegistryHttpLive(settings), ({ check }) => check).pipe(
    Effect.as("accepts the credentials"),
    advising(
      "Check registry.url, registry.username and registry.password, and registry.insecure for one without TLS",
      settings.url
    )
  )

/** Below the timeout of a whole check. */
const buildkitTimeout = 8_000

export const buildkit = (config: WorkerConfigShape, address: string): Probe =>
  Effect.gen(function* () {
    const client = yield* Effect.flatMap(buildkitAt(config, address), openBuildkit)
    const version = yield* Effect.catchTag(pingBuildkit(client, buildkitTimeout), "BuildkitSilent", ({ reason }) =>
      Effect.fail({ message: `BuildKit: ${reason}` })
    )
    const found = version.startsWith("v0.0.") ? "BuildKit of a Docker Engine" : `BuildKit ${version}`.trim()
    return config.builder.insecure ? `${found}; builder.insecure allows it without TLS` : found
  }).pipe(Effect.scoped, advising("Check builder.buildkit_address and builder.tls.*", address))

export const depot = ({ account }: DepotBuilderOptions): Probe =>
  Effect.flatMap(depotApi(account), ({ projects }) => projects.list).pipe(
    Effect.map(({ length }) => `Depot, ${length} ${length === 1 ? "project" : "projects"}`),
    Effect.catchTag("DepotFailed", (failure) =>
      Effect.fail({
        message: `Depot: ${isDenied(failure) ? "denied" : `no answer (${failure.code ?? "unreachable"})`}`
      })
    ),
    advising("Check depot.api_url and registry.password, which is Depot's token", account.apiUrl)
  )

export const gitHub = (config: WorkerConfigShape) => (): Probe =>
  asking(GitHub, Layer.provide(Repositories, given(config)), ({ appName }) => appName).pipe(
    Effect.map((name) => `App ${name}`),
    advising("Check github.app_id, github.private_key_pem and github.api_url", config.github.apiUrl)
  )
