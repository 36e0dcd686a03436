import { Effect, Exit, Layer } from "effect"
import { Builder, type BuildOutcome } from "../../services/Builder.ts"
import { BuildTelemetry } from "../../services/BuildTelemetry.ts"
import { GitHub } from "../../services/GitHub.ts"
import { BuildLost } from "./BuildRuns.ts"
import { openBuildkit } from "./buildkit/BuildkitClient.ts"
import { imageName } from "./buildSpec.ts"
import {
  type BuildResult,
  type DepotAccount,
  type DepotApi,
  type DepotBuild,
  type DepotFailed,
  type DepotMachine,
  type DepotPlatform,
  depotApi,
  isDenied,
  isNotFound
} from "./depot/DepotApi.ts"
import { depotProjects } from "./depot/depotProjects.ts"
import { type AuthorizedBuild, makeBuilder, type RunBuild } from "./makeBuilder.ts"
import { type BuildSite, solveImage } from "./solveImage.ts"

export interface DepotBuilderOptions extends BuildSite {
  readonly account: DepotAccount
  /** Where new projects keep their cache. */
  readonly projectRegion: string
}

type Projects = Effect.Effect.Success<ReturnType<typeof depotProjects>>

const platformOf = (platform: string): DepotPlatform | null => {
  const [, architecture] = platform.split("/")
  return architecture === "amd64" || architecture === "arm64" ? architecture : null
}

/** A build in the given project, or in the one of the right name when the given one is gone. */
const createBuild = (api: DepotApi, projects: Projects, { request, spec }: AuthorizedBuild) => {
  const inProject = (depotProjectId: string) =>
    Effect.map(api.builds.create(depotProjectId), (build) => ({ build, depotProjectId }))
  const byName = Effect.flatMap(projects.find(spec.projectId), inProject).pipe(
    Effect.tapError((failure) => (isNotFound(failure) ? projects.forget(spec.projectId) : Effect.void))
  )
  return request.depotProjectId === null
    ? byName
    : Effect.catchIf(inProject(request.depotProjectId), isNotFound, () => byName)
}

const resultOf = (exit: Exit.Exit<BuildOutcome, unknown>): BuildResult => {
  if (Exit.isInterrupted(exit)) return { _tag: "error", error: "the build was cancelled" }
  if (Exit.isFailure(exit)) return { _tag: "error", error: "the build was lost" }
  const outcome = exit.value
  return outcome._tag === "Succeeded" ? { _tag: "success" } : { _tag: "error", error: outcome.message }
}

const openMachine = ({ ca, certificate, endpoint, key, serverName }: DepotMachine) =>
  openBuildkit({ address: endpoint, tls: { ca, client: { certificate, key }, serverName } })

const denied: BuildOutcome = {
  _tag: "Failed",
  kind: "builder_denied",
  message: "the builder does not accept this worker: its settings need attention"
}

const unsupported = (platform: string): BuildOutcome => ({
  _tag: "Failed",
  kind: "platform_not_supported",
  message: `the builder has machines for linux/amd64 and linux/arm64, not for ${platform}`
})

const ofDepot = (failure: DepotFailed): Effect.Effect<BuildOutcome, BuildLost> =>
  isDenied(failure)
    ? Effect.succeed(denied)
    : new BuildLost({ text: `Depot ${failure.operation}: ${failure.code ?? "no answer"}` })

const buildOn =
  (api: DepotApi, site: BuildSite, platform: DepotPlatform, authorized: AuthorizedBuild) =>
  ({ build, depotProjectId }: { readonly build: DepotBuild; readonly depotProjectId: string }) =>
    Effect.gen(function* () {
      const client = yield* Effect.flatMap(api.machines.acquire(build, platform), openMachine)
      const image = imageName(site.registry.url, depotProjectId, authorized.spec)
      // Depot's own id is new for each attempt, which is what a machine that outlives builds needs.
      const outcome = yield* solveImage(client, site, build.buildId, { ...authorized, image })
      if (outcome._tag === "Failed") return outcome
      const { digest } = outcome
      return { _tag: "Succeeded", image, digest, externalBuildId: build.buildId, depotProjectId } satisfies BuildOutcome
    }).pipe(Effect.scoped, Effect.catchTag("DepotFailed", ofDepot))

const run =
  (api: DepotApi, projects: Projects, site: BuildSite): RunBuild =>
  (authorized) => {
    const platform = platformOf(authorized.spec.platform)
    if (platform === null) return Effect.succeed(unsupported(authorized.spec.platform))
    // Told once, whatever happens in between: what Depot does not hear of counts and costs as running.
    return Effect.acquireUseRelease(
      createBuild(api, projects, authorized),
      buildOn(api, site, platform, authorized),
      ({ build }, exit) =>
        Effect.catchAll(api.builds.finish(build, resultOf(exit)), ({ code }) =>
          Effect.logWarning("Depot was not told how a build ended", { depotBuild: build.buildId, code })
        )
    ).pipe(Effect.catchTag("DepotFailed", ofDepot))
  }

/**
 * Builds on machines of Depot, with a cache of its own for each project. A worker that is killed cannot finish its Depot
 * build: Depot ends it when it hears no more of the machine's health, and the build that is started again is a new one.
 */
export const DepotBuilderLive = (options: DepotBuilderOptions): Layer.Layer<Builder, never, BuildTelemetry | GitHub> =>
  Layer.scoped(
    Builder,
    Effect.gen(function* () {
      const github = yield* GitHub
      const telemetry = yield* BuildTelemetry
      const api = yield* depotApi(options.account)
      const projects = yield* depotProjects(api, options.projectRegion)
      return yield* makeBuilder({ gitUrl: options.gitUrl, github, telemetry, run: run(api, projects, options) })
    })
  )
