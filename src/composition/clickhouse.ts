import { Context, Effect, Either, Layer, Option, Record, Schedule, type Scope } from "effect"
import type { Implementation } from "effect-restate"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { type ClickhouseClient, ClickhouseClientLive } from "../layers/clickhouse/ClickhouseClient.ts"
import { ClickhouseInsertLive } from "../layers/clickhouse/ClickhouseInsertLive.ts"
import type { ClickhouseOptions } from "../layers/clickhouse/ClickhouseOptions.ts"
import { ClickhouseUsersLive } from "../layers/clickhouse/ClickhouseUsersLive.ts"
import { TrafficSourceLive } from "../layers/clickhouse/TrafficSourceLive.ts"
import { UsageSourceLive } from "../layers/clickhouse/UsageSourceLive.ts"
import { ClickhouseSettingsStoreLive } from "../layers/mysql/ClickhouseSettingsStoreLive.ts"
import type { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import { PasswordGeneratorLive } from "../layers/PasswordGeneratorLive.ts"
import { ClickhouseBuildTelemetryLive, NoBuildTelemetry } from "../layers/telemetry/ClickhouseBuildTelemetry.ts"
import type { BuildTelemetry } from "../services/builds/BuildTelemetry.ts"
import type { TrafficSource, UsageSource } from "../services/clickhouse/Usage.ts"
import type { ClickhouseSettingsStore } from "../services/clickhouseUser/ClickhouseSettingsStore.ts"
import { ClickhouseUsers } from "../services/clickhouseUser/ClickhouseUsers.ts"
import type { PasswordGenerator } from "../services/clickhouseUser/PasswordGenerator.ts"
import { Vault } from "../services/vault/Vault.ts"
import { ClickhouseUserWorkflows } from "../workflows/clickhouseUser/ClickhouseUserWorkflows.ts"
import { fromConfig } from "./fromConfig.ts"

/** Connection of a configured server; none when it is not configured. */
export const clickhouseAt = (
  { clickhouse }: { readonly clickhouse: Pick<WorkerConfigShape["clickhouse"], "requestTimeout"> },
  address: WorkerConfigShape["clickhouse"]["url"]
): Option.Option<ClickhouseOptions> =>
  Option.map(address, (found) => ({ ...found, requestTimeout: clickhouse.requestTimeout }))

const Client: Layer.Layer<ClickhouseClient, never, WorkerConfig> = fromConfig((config) =>
  ClickhouseClientLive(clickhouseAt(config, config.clickhouse.url))
)

/** Build telemetry, stored in ClickHouse if it is configured. */
const Telemetry: Layer.Layer<BuildTelemetry, never, ClickhouseClient | WorkerConfig> = fromConfig(({ clickhouse }) =>
  Option.isNone(clickhouse.url) ? NoBuildTelemetry : Layer.provide(ClickhouseBuildTelemetryLive, ClickhouseInsertLive)
)

/**
 * Always provided: without `clickhouse.url`, or while the server is unavailable, sources fail and telemetry is dropped.
 */
export const Analytics: Layer.Layer<BuildTelemetry | TrafficSource | UsageSource, never, WorkerConfig> = Layer.mergeAll(
  Telemetry,
  TrafficSourceLive,
  UsageSourceLive
).pipe(Layer.provide(Client))

/**
 * Three attempts within 3 seconds, for a server that starts together with the worker, without delaying the start
 * further.
 */
const fewAttempts = Schedule.exponential("1 second").pipe(Schedule.intersect(Schedule.recurs(2)))

type Needs = ClickhouseSettingsStore | ClickhouseUsers | PasswordGenerator | Vault

/** The handlers with their services. */
const withContext = (context: Context.Context<Needs>): Implementation<never> => ({
  ...ClickhouseUserWorkflows,
  handlers: Record.map(
    ClickhouseUserWorkflows.handlers,
    (handler) => (input: unknown) => Effect.provide(handler(input), context)
  )
})

const notServed = (missing: string, reason: string) =>
  Effect.as(
    Effect.logWarning("ClickhouseUserService is not served", { missing, reason }),
    Option.none<Implementation<never>>()
  )

/** Serves the logins if the vault and the admin connection answer; the log names each that does not. */
const checked = (vault: Context.Tag.Service<Vault>, options: ClickhouseOptions) =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const services = Layer.mergeAll(
      ClickhouseUsersLive(options),
      ClickhouseSettingsStoreLive,
      PasswordGeneratorLive,
      Layer.succeed(Vault, vault)
    )
    const context = yield* Layer.buildWithScope(services, scope)
    const { check } = Context.get(context, ClickhouseUsers)
    const outcome = yield* Effect.either(
      Effect.all([Effect.retry(vault.check, fewAttempts), Effect.retry(check, fewAttempts)])
    )
    if (Either.isRight(outcome)) return Option.some(withContext(context))
    const missing = outcome.left._tag === "VaultUnavailable" ? "vault" : "clickhouse.admin_url"
    return yield* notServed(missing, outcome.left.message)
  })

/**
 * ClickhouseUserService if `clickhouse.admin_url` is set and both the server and the vault accept this worker at the
 * start. Otherwise none, so that callers get 404 instead of invocations that wait; the log says what is missing.
 */
export const clickhouseUserService: Effect.Effect<
  Option.Option<Implementation<never>>,
  never,
  MysqlPools | Scope.Scope | Vault | WorkerConfig
> = Effect.gen(function* () {
  const config = yield* WorkerConfig
  const options = clickhouseAt(config, config.clickhouse.adminUrl)
  if (Option.isNone(options)) return yield* notServed("clickhouse.admin_url", "not configured")
  return yield* checked(yield* Vault, options.value)
})
