import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, Redacted, Schema } from "effect"
import { BuildkitBuilderLive } from "../../../src/layers/builder/BuildkitBuilderLive.ts"
import { NoBuildVariables } from "../../../src/layers/mysql/BuildVariablesLive.ts"
import { NoBuildTelemetry } from "../../../src/layers/telemetry/ClickhouseBuildTelemetry.ts"
import { Builder } from "../../../src/services/builds/Builder.ts"
import { MemoryBuildLedger } from "../memory/MemoryBuildLedger.ts"
import { pollUntil, request } from "./builds.ts"
import { gitHubWithTokens } from "./MemoryGitHub.ts"
import { Orders } from "./Orders.ts"

// A worker that starts a long build, reports when it runs, and waits to be killed.
Effect.gen(function* () {
  const { address, commitSha, gitUrl, registry, token } = yield* Schema.decodeUnknown(Orders)(process.argv[2])
  const layer = BuildkitBuilderLive({
    buildkit: { address },
    gitUrl,
    registry: { ...registry, password: Redacted.make(registry.password), insecure: true }
  }).pipe(
    Layer.provide([
      MemoryBuildLedger,
      NoBuildVariables,
      NoBuildTelemetry,
      FetchHttpClient.layer,
      gitHubWithTokens({ "1": token })
    ])
  )
  return yield* Effect.gen(function* () {
    const builder = yield* Builder
    const asked = request(commitSha, { dockerfilePath: "slow.Dockerfile" })
    yield* builder.start(asked)
    yield* pollUntil(asked.buildId, (state) => state._tag === "Running" && state.detail.includes("sleep"))
    yield* Effect.sync(() => process.stdout.write("building\n"))
    return yield* Effect.never
  }).pipe(Effect.provide(layer))
}).pipe(Effect.runPromise)
