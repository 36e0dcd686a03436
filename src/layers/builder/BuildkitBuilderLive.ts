import { randomBytes } from "node:crypto"
import type { Client } from "@grpc/grpc-js"
import { Effect, Layer } from "effect"
import { Builder } from "../../services/Builder.ts"
import { BuildTelemetry } from "../../services/BuildTelemetry.ts"
import { GitHub } from "../../services/GitHub.ts"
import { BuildLost } from "./BuildRuns.ts"
import { type BuildkitAddress, openBuildkit, ping } from "./buildkit/BuildkitClient.ts"
import { imageName } from "./buildSpec.ts"
import { makeBuilder, type RunBuild } from "./makeBuilder.ts"
import { type BuildSite, solveImage } from "./solveImage.ts"

export interface BuildkitBuilderOptions extends BuildSite {
  readonly buildkit: BuildkitAddress
}

/** The repository of all images in the registry; a path in the registry's address comes before it. */
export const imageRepository = "deployments"

/** A daemon that does not answer by then is not there: whoever polls learns that the build has to be started again. */
const connectTimeout = 10_000

const run =
  (client: Client, site: BuildSite): RunBuild =>
  (build) =>
    Effect.gen(function* () {
      yield* ping(client, connectTimeout).pipe(
        Effect.mapError(({ reason }) => new BuildLost({ text: `BuildKit does not answer: ${reason}` }))
      )
      const image = imageName(site.registry.url, imageRepository, build.spec)
      // Random, because the daemon may still be ending what another process began under the same build id.
      const ref = `${build.spec.buildId}-${randomBytes(6).toString("hex")}`
      const outcome = yield* solveImage(client, site, ref, { ...build, image })
      return outcome._tag === "Failed"
        ? outcome
        : {
            _tag: "Succeeded",
            image,
            digest: outcome.digest,
            externalBuildId: null,
            depotProjectId: null
          }
    })

/**
 * Builds on one BuildKit daemon, a buildkitd or a Docker Engine. All tenants share it: what keeps them apart is that the
 * repository's owner is asked before each build and that cache mounts have the workspace's name; a Dockerfile with a
 * frontend of its own can get around the latter. Who builds for strangers gives each tenant a daemon, or uses Depot.
 */
export const BuildkitBuilderLive = (
  options: BuildkitBuilderOptions
): Layer.Layer<Builder, never, BuildTelemetry | GitHub> =>
  Layer.scoped(
    Builder,
    Effect.gen(function* () {
      const github = yield* GitHub
      const telemetry = yield* BuildTelemetry
      const client = yield* openBuildkit(options.buildkit)
      return yield* makeBuilder({ gitUrl: options.gitUrl, github, telemetry, run: run(client, options) })
    })
  )
