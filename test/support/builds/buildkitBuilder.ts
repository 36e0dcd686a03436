import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer } from "effect"
import { BuildkitBuilderLive } from "../../../src/layers/builder/BuildkitBuilderLive.ts"
import type { Registry } from "../../../src/layers/builder/Registry.ts"
import { NoBuildVariables } from "../../../src/layers/mysql/BuildVariablesLive.ts"
import type { Builder } from "../../../src/services/builds/Builder.ts"
import type { BuildTelemetry } from "../../../src/services/builds/BuildTelemetry.ts"
import type { BuildVariables } from "../../../src/services/builds/BuildVariables.ts"
import { MemoryBuildLedger } from "../memory/MemoryBuildLedger.ts"
import { BuildFixture, gitToken, registryOf } from "./BuildFixture.ts"
import { gitHubWithTokens } from "./MemoryGitHub.ts"

export interface BuildkitBuilderChoices {
  readonly telemetry: Layer.Layer<BuildTelemetry>
  /** Default: the fixture's own. */
  readonly registry?: (fixture: BuildFixture["Type"]) => Registry
  /** Repositories by installation. Default: installation 1 can read the fixture's private repository. */
  readonly tokens?: Readonly<Record<string, string>>
  /** Default: none. */
  readonly variables?: Layer.Layer<BuildVariables>
}

/** The worker's builder on the fixture's real BuildKit, git server and registry. */
export const buildkitBuilder = ({
  registry = ({ registry }) => registryOf(registry),
  telemetry,
  tokens = { "1": gitToken },
  variables = NoBuildVariables
}: BuildkitBuilderChoices): Layer.Layer<Builder, never, BuildFixture> =>
  Layer.unwrapEffect(
    Effect.map(BuildFixture, (fixture) =>
      BuildkitBuilderLive({
        buildkit: { address: fixture.buildkit.address },
        gitUrl: fixture.git.url,
        registry: registry(fixture)
      })
    )
  ).pipe(Layer.provide([MemoryBuildLedger, variables, telemetry, FetchHttpClient.layer, gitHubWithTokens(tokens)]))
