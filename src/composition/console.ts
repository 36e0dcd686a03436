import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import type { FileSystem, Path } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import { EndpointUnavailable } from "effect-restate/node"
import packageJson from "../../package.json" with { type: "json" }
import type { WorkerConfig, WorkerConfigShape } from "../config.ts"
import { ConsoleSettings } from "../console/server/ConsoleSettings.ts"
import { consoleServer } from "../console/server/consoleServer.ts"
import { readPageFiles } from "../console/server/pageFiles.ts"
import { CurrentCommandPlace } from "../operations/commandLineFor.ts"
import { commandPlace } from "./commandPlace.ts"
import { ConsoleSources } from "./consoleSources.ts"
import { fromConfig } from "./fromConfig.ts"
import { contracts } from "./implementations.ts"
import { errorCode } from "./observability.ts"

/** Where the page is: beside the bundled program and its chunks, else in the build of a source tree. */
const pageFolders = ["./console/", "../console/", "../../dist/console/"].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url))
)

const settings = ({ clickhouse, console, restate }: WorkerConfigShape) =>
  Layer.succeed(ConsoleSettings, {
    version: packageJson.version,
    token: console.token,
    userHeader: Option.map(console.userHeader, (name) => name.toLowerCase()),
    trustedProxies: console.trustedProxies,
    actions: console.actions,
    traceUrl: Option.getOrNull(console.traceUrl),
    restateUi: Option.getOrElse(console.restateUiUrl, () => restate.adminUrl.replace(/\/*$/, "/ui")),
    services: contracts.map(({ name }) => name),
    sources: ["database", "restate", ...(Option.isSome(clickhouse.url) ? (["clickhouse"] as const) : [])]
  })

/** The operator's console on its own port, if configured. `configOptions`: those of the commands that it shows. */
export const Console = (
  configOptions: ReadonlyArray<string>
): Layer.Layer<never, EndpointUnavailable, FileSystem.FileSystem | Path.Path | WorkerConfig> =>
  fromConfig((config) => {
    const { host, port } = config.console
    if (port === 0) return Layer.empty
    return Layer.unwrapEffect(
      Effect.map(Effect.orDie(readPageFiles(pageFolders)), (files) =>
        consoleServer(createServer, { host, port }, files)
      )
    ).pipe(
      Layer.mapError((error) => new EndpointUnavailable({ host, port, code: errorCode(error) })),
      Layer.provide(settings(config)),
      Layer.provide(ConsoleSources),
      Layer.provide(Layer.effect(CurrentCommandPlace, commandPlace(configOptions)))
    )
  })
