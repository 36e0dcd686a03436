import { Effect, Option, type Redacted } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../../config.ts"
import type { Dependency, DependencyFailed } from "../../operations/dependencies.ts"
import { chooseBuilder } from "../builds.ts"
import { challengeRecords, infrastructureDomains } from "../certificates.ts"
import * as DatabaseProbe from "./databaseProbes.ts"
import * as Probe from "./probes.ts"

const checked = (name: string, probe: Effect.Effect<string, DependencyFailed>): Dependency => ({
  name,
  _tag: "Checked",
  probe
})

/** Checked if configured. */
const where = <A>(
  name: string,
  setting: Option.Option<A>,
  probe: (value: A) => Effect.Effect<string, DependencyFailed>
): Dependency =>
  Option.match(setting, {
    onNone: () => ({ name, _tag: "NotConfigured" }),
    onSome: (value) => checked(name, probe(value))
  })

/** Not called: the receiver of such an address would treat a request as the event. */
const told = (name: string, address: Option.Option<Redacted.Redacted>): Dependency => ({
  name,
  _tag: Option.isSome(address) ? "NotCalled" : "NotConfigured"
})

const certificates = (config: WorkerConfigShape): ReadonlyArray<Dependency> => {
  const { acme } = config
  return [
    where("acme directory", acme.enabled ? Option.some(acme.directoryUrl) : Option.none(), Probe.authority(config)),
    where("route 53", acme.route53, Probe.zone(challengeRecords(config)))
  ]
}

const building = (config: WorkerConfigShape): ReadonlyArray<Dependency> => {
  const builder = chooseBuilder(config)
  return [
    where("registry", config.registry, Probe.registry),
    builder._tag === "None"
      ? { name: "builder", _tag: "NotConfigured" }
      : checked(
          "builder",
          builder._tag === "Depot" ? Probe.depot(builder.options) : Probe.buildkit(config, builder.address)
        ),
    where("github app", config.github.app, Probe.gitHub(config))
  ]
}

/** Every external dependency that the configuration may name, in the order in which a worker needs them. */
export const dependencies: Effect.Effect<ReadonlyArray<Dependency>, never, WorkerConfig> = Effect.map(
  WorkerConfig,
  (config) => [
    checked("mysql primary", DatabaseProbe.primary(config)),
    checked("platform names", DatabaseProbe.platformNames(config, infrastructureDomains(config))),
    where("mysql replica", config.database.readonlyReplica, () => DatabaseProbe.replica(config)),
    checked("restate admin", Probe.restate(config)),
    where("vault", config.vault, Probe.vault),
    where("clickhouse", config.clickhouse.url, Probe.clickhouse(config)),
    where("clickhouse admin", config.clickhouse.adminUrl, Probe.clickhouseAdmin(config)),
    checked("dns resolvers", Probe.resolvers(config)),
    ...certificates(config),
    ...building(config),
    told("slack", config.slack.quotaCheckWebhookUrl),
    told("heartbeat cert-renewal", config.heartbeat.certRenewalUrl),
    told("heartbeat quota-check", config.heartbeat.quotaCheckUrl),
    told("heartbeat key-refill", config.heartbeat.keyRefillUrl)
  ]
)
