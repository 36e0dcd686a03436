import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import type { WorkerConfig, WorkerConfigShape } from "../config.ts"
import type { BuildkitAddress, BuildkitTls } from "../layers/builder/buildkit/BuildkitClient.ts"
import type { DepotBuilderOptions } from "../layers/builder/DepotBuilderLive.ts"
import { NoBuilder } from "../layers/builder/NoBuilder.ts"
import { RegistryHttp } from "../layers/builder/registryAccess.ts"
import type { BuildEnvironment } from "../layers/builder/solveImage.ts"
import { BuildLedgerLive } from "../layers/mysql/BuildLedgerLive.ts"
import { BuildVariablesLive, NoBuildVariables } from "../layers/mysql/BuildVariablesLive.ts"
import type { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import type { Builder } from "../services/builds/Builder.ts"
import type { BuildLedger } from "../services/builds/BuildLedger.ts"
import type { BuildTelemetry } from "../services/builds/BuildTelemetry.ts"
import type { BuildVariables } from "../services/builds/BuildVariables.ts"
import type { GitHub } from "../services/builds/GitHub.ts"
import type { Vault } from "../services/vault/Vault.ts"
import { fromConfig, imported } from "./fromConfig.ts"

/** A file that a setting names cannot be read. */
export class SettingFileUnreadable extends Schema.TaggedError<SettingFileUnreadable>()("SettingFileUnreadable", {
  setting: Schema.String,
  path: Schema.String
}) {
  override get message(): string {
    return `${this.setting}: ${this.path} cannot be read`
  }
}

const read = (setting: string, path: string) =>
  FileSystem.FileSystem.pipe(
    Effect.flatMap((files) => files.readFileString(path)),
    Effect.mapError(() => new SettingFileUnreadable({ setting, path }))
  )

/** TLS is used if any of its settings is given. */
const readTls = ({ builder: { tls } }: WorkerConfigShape) =>
  Effect.gen(function* () {
    const ca = yield* Effect.transposeMapOption(tls.caFile, (path) => read("builder.tls.ca_file", path))
    const certificate = yield* Effect.transposeMapOption(tls.certificateFile, (path) =>
      read("builder.tls.certificate_file", path)
    )
    const key = yield* Effect.transposeMapOption(tls.keyFile, (path) => read("builder.tls.key_file", path))
    const client = Option.map(Option.all({ certificate, key }), ({ certificate, key }) => ({
      certificate,
      key: Redacted.make(key)
    }))
    if (Option.isNone(ca) && Option.isNone(client) && Option.isNone(tls.serverName)) return Option.none()
    return Option.some<BuildkitTls>({
      ca: Option.getOrNull(ca),
      client: Option.getOrNull(client),
      serverName: Option.getOrNull(tls.serverName)
    })
  })

/** BuildKit's address, and the contents of the files that its TLS settings name. */
export const buildkitAt = (
  config: WorkerConfigShape,
  address: string
): Effect.Effect<BuildkitAddress, SettingFileUnreadable> =>
  readTls(config).pipe(
    Effect.map((tls) => ({ address, ...(Option.isSome(tls) ? { tls: tls.value } : {}) })),
    Effect.provide(NodeContext.layer)
  )

const buildkit = (config: WorkerConfigShape, site: BuildEnvironment, address: string) =>
  Layer.unwrapEffect(
    Effect.map(buildkitAt(config, address), (buildkit) =>
      imported(
        () => import("../layers/builder/BuildkitBuilderLive.ts"),
        ({ BuildkitBuilderLive }) => BuildkitBuilderLive({ ...site, buildkit })
      )
    )
  )

const depot = (options: DepotBuilderOptions) =>
  imported(
    () => import("../layers/builder/DepotBuilderLive.ts"),
    ({ DepotBuilderLive }) => DepotBuilderLive(options)
  )

/** The configured builder. */
export type ChosenBuilder =
  | { readonly _tag: "None" }
  | { readonly _tag: "Buildkit"; readonly site: BuildEnvironment; readonly address: string }
  | { readonly _tag: "Depot"; readonly options: DepotBuilderOptions }

const none: ChosenBuilder = { _tag: "None" }

/** The rules of the settings ensure that the settings of the chosen builder are present. */
export const chooseBuilder = ({ builder, depot, github, registry }: WorkerConfigShape): ChosenBuilder => {
  if (builder.kind === "none" || Option.isNone(registry)) return none
  const site: BuildEnvironment = { gitUrl: github.gitUrl, registry: registry.value }
  if (builder.kind !== "depot" && Option.isSome(builder.buildkitAddress)) {
    return { _tag: "Buildkit", site, address: builder.buildkitAddress.value }
  }
  if (Option.isNone(depot)) return none
  const { apiUrl, projectId, projectPrefix, projectRegion } = depot.value
  // The registry is Depot's; its password is the account's token.
  const account = { apiUrl, token: registry.value.password }
  const sharedProject = Option.getOrNull(projectId)
  return { _tag: "Depot", options: { ...site, account, projectPrefix, projectRegion, sharedProject } }
}

const layerOf = (
  config: WorkerConfigShape
): Layer.Layer<Builder, SettingFileUnreadable, BuildLedger | BuildTelemetry | BuildVariables | GitHub> => {
  const chosen = chooseBuilder(config)
  switch (chosen._tag) {
    case "None":
      return NoBuilder
    case "Buildkit":
      return Layer.provide(buildkit(config, chosen.site, chosen.address), RegistryHttp(chosen.site.registry))
    case "Depot":
      return Layer.provide(depot(chosen.options), RegistryHttp(chosen.options.registry))
  }
}

const Variables: Layer.Layer<BuildVariables, never, MysqlPools | Vault | WorkerConfig> = fromConfig(({ builds }) =>
  builds.environmentSecrets ? BuildVariablesLive : NoBuildVariables
)

/**
 * The builder: Depot, the operator's BuildKit, or one that refuses every build. All workers on one database share the
 * records of builds.
 */
export const Builds: Layer.Layer<
  Builder,
  SettingFileUnreadable,
  BuildTelemetry | GitHub | MysqlPools | Vault | WorkerConfig
> = fromConfig(layerOf).pipe(Layer.provide([BuildLedgerLive, Variables]))
