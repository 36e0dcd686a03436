import { randomBytes } from "node:crypto"
import { HttpClient } from "@effect/platform"
import type { Client } from "@grpc/grpc-js"
import { Effect } from "effect"
import type { BuildOutcome } from "../../services/builds/Builder.ts"
import type { Report } from "./BuildRuns.ts"
import { activeBuilds } from "./buildkit/activeBuilds.ts"
import { type BuildkitAddress, openBuildkit } from "./buildkit/BuildkitClient.ts"
import { BuildLost } from "./buildLease.ts"
import { projectImage } from "./buildSpec.ts"
import { builderLayer, type RunBuild } from "./makeBuilder.ts"
import { type BuildEnvironment, connectTimeout, solveImage } from "./solveImage.ts"

export interface BuildkitBuilderOptions extends BuildEnvironment {
  readonly buildkit: BuildkitAddress
}

/** Poll interval while another worker runs a build of the same id. */
const pollInterval = "2 seconds"

/** Not allowed in a build id, so the part of a ref before it is one. */
const separator = "~"

/** Unique per attempt: the daemon rejects a ref for ten seconds after its build ended. */
const newRef = (buildId: string) => `${buildId}${separator}${randomBytes(6).toString("hex")}`

/**
 * Waits while the daemon runs a build of that id: another worker's, or one that is still ending. Its results are in the cache
 * then, so building again is fast. Two that start at the same moment share common steps while they run.
 */
const awaitOtherBuilds = (client: Client, buildId: string, report: Report) =>
  activeBuilds(client).pipe(
    Effect.mapError(({ details }) => new BuildLost({ text: `BuildKit does not say what it builds: ${details}` })),
    Effect.timeoutFail({
      duration: connectTimeout,
      onTimeout: () => new BuildLost({ text: "BuildKit does not answer: timeout" })
    }),
    Effect.flatMap((refs) => {
      if (!refs.some((ref) => ref.startsWith(`${buildId}${separator}`))) return Effect.succeed(false)
      report("waiting for another worker's build of the same deployment")
      return Effect.as(Effect.sleep(pollInterval), true)
    }),
    Effect.repeat({ while: (isBusy) => isBusy })
  )

const run =
  (client: Client, site: BuildEnvironment, http: HttpClient.HttpClient): RunBuild =>
  (build) =>
    Effect.gen(function* () {
      const image = projectImage(site.registry.url, build.spec)
      yield* awaitOtherBuilds(client, build.spec.buildId, build.report)
      const outcome = yield* solveImage(client, site, newRef(build.spec.buildId), {
        ...build,
        image,
        credentialsOpen: "registry"
      })
      if (outcome._tag === "Failed") return outcome
      const { digest } = outcome
      return {
        _tag: "Succeeded",
        image,
        digest,
        externalBuildId: null,
        depotProjectId: null
      } satisfies BuildOutcome
    }).pipe(Effect.provideService(HttpClient.HttpClient, http))

/**
 * Builds on one BuildKit daemon, a buildkitd or a Docker Engine, which all tenants share. Isolation: access to the repository
 * is verified before each build, the source policy limits what a build may read, the daemon's own frontend scopes cache mounts
 * by workspace, and each project's images go to a repository of its own. A dead worker leaves nothing to finish: the daemon
 * ends a build when its session closes.
 */
export const BuildkitBuilderLive = (options: BuildkitBuilderOptions) =>
  builderLayer(
    options.gitUrl,
    Effect.zipWith(openBuildkit(options.buildkit), HttpClient.HttpClient, (client, http) => run(client, options, http))
  )
