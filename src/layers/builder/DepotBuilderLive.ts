import { HttpClient } from "@effect/platform"
import { Effect, Exit } from "effect"
import type { BuildOutcome } from "../../services/builds/Builder.ts"
import { openBuildkit } from "./buildkit/BuildkitClient.ts"
import { type BuildLease, BuildLost } from "./buildLease.ts"
import { taggedImage } from "./buildSpec.ts"
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
import { depotProjects, type ProjectNames } from "./depot/depotProjects.ts"
import { machineAddress } from "./depot/machineAddress.ts"
import { type AuthorizedBuild, builderLayer, type RunBuild } from "./makeBuilder.ts"
import { type BuildEnvironment, solveImage } from "./solveImage.ts"

export interface DepotBuilderOptions extends BuildEnvironment, ProjectNames {
  readonly account: DepotAccount
  /** The Depot project of all builds; null for one Depot project per project. */
  readonly sharedProject: string | null
}

type Projects = Effect.Effect.Success<ReturnType<typeof depotProjects>>

const platformOf = (platform: string): DepotPlatform | null => {
  const [, architecture] = platform.split("/")
  return architecture === "amd64" || architecture === "arm64" ? architecture : null
}

/**
 * Creates a build in the shared project, in the stored project, or in the one with the right name if the stored one is gone.
 */
const createBuild = (
  api: DepotApi,
  projects: Projects,
  sharedProject: string | null,
  { request, spec }: AuthorizedBuild
) => {
  const inProject = (depotProjectId: string) =>
    Effect.map(api.builds.create(depotProjectId), (build) => ({ build, depotProjectId }))
  if (sharedProject !== null) return inProject(sharedProject)
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

const openMachine =
  (apiUrl: string) =>
  ({ ca, certificate, endpoint, key, serverName }: DepotMachine) =>
    Effect.flatMap(machineAddress(endpoint, apiUrl), (address) =>
      openBuildkit({ address, tls: { ca, client: { certificate, key }, serverName } })
    )

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
  (
    api: DepotApi,
    { account: { apiUrl }, sharedProject, ...site }: DepotBuilderOptions,
    platform: DepotPlatform,
    authorized: AuthorizedBuild
  ) =>
  ({ build, depotProjectId }: { readonly build: DepotBuild; readonly depotProjectId: string }) =>
    Effect.gen(function* () {
      const client = yield* Effect.flatMap(api.machines.acquire(build, platform), openMachine(apiUrl))
      const image = taggedImage(site.registry.url, depotProjectId, authorized.spec)
      // The account token grants access to the images of every project; the build token only to those of its project.
      const registry = { ...site.registry, username: tokenUser, password: build.token }
      // Depot's build id is new for each attempt, as a machine that outlives builds requires.
      const outcome = yield* solveImage(client, { ...site, registry }, build.buildId, {
        ...authorized,
        image,
        credentialsOpen: sharedProject === null ? "project" : "registry"
      })
      if (outcome._tag === "Failed") return outcome
      const { digest } = outcome
      return {
        _tag: "Succeeded",
        image,
        digest,
        externalBuildId: build.buildId,
        // The shared project is not stored with the project, so that the setting can be removed.
        depotProjectId: sharedProject === null ? depotProjectId : null
      } satisfies BuildOutcome
    }).pipe(Effect.scoped, Effect.catchTag("DepotFailed", ofDepot))

/** User name for tokens at Depot's registry. */
const tokenUser = "x-token"

/** A build left by a dead worker counts as running until its successor finishes it. */
const finishOrphan = (api: DepotApi, { noteExternal, orphan }: BuildLease) =>
  orphan === null
    ? Effect.void
    : api.builds.finish(orphan, { _tag: "error", error: "the worker that ran the build is gone" }).pipe(
        Effect.catchIf(isNotFound, () => Effect.void),
        Effect.zipRight(noteExternal(null))
      )

interface Created {
  readonly build: DepotBuild
  readonly depotProjectId: string
  /** Whether the ledger has its id, so that another worker could finish it. */
  isRecorded: boolean
}

const recordBuild = (created: Created, { noteExternal }: BuildLease) =>
  Effect.map(noteExternal(created.build.buildId), () => {
    created.isRecorded = true
  })

/** Reports the end once; a worker that took the build over has already reported it. */
const finish = (
  api: DepotApi,
  { build, isRecorded }: Created,
  { isHeld, noteExternal }: BuildLease,
  result: BuildResult
) =>
  Effect.gen(function* () {
    if (isRecorded && !(yield* isHeld)) return
    yield* api.builds.finish(build.buildId, result)
    if (isRecorded) yield* Effect.ignore(noteExternal(null))
  }).pipe(
    Effect.catchAll(({ code }) =>
      Effect.logWarning("Depot did not accept the result of a build", { depotBuild: build.buildId, code })
    )
  )

const run =
  (api: DepotApi, projects: Projects, site: DepotBuilderOptions, http: HttpClient.HttpClient): RunBuild =>
  (authorized) => {
    const { hold, spec } = authorized
    const platform = platformOf(spec.platform)
    if (platform === null) return Effect.succeed(unsupported(spec.platform))
    const build = Effect.acquireUseRelease(
      Effect.map(
        createBuild(api, projects, site.sharedProject, authorized),
        (created): Created => ({ ...created, isRecorded: false })
      ),
      (created) => Effect.zipRight(recordBuild(created, hold), buildOn(api, site, platform, authorized)(created)),
      (created, exit) => finish(api, created, hold, resultOf(exit))
    )
    return Effect.zipRight(finishOrphan(api, hold), build).pipe(
      // A missing project that a setting names needs an operator.
      Effect.catchIf(
        (failure) => site.sharedProject !== null && failure._tag === "DepotFailed" && isNotFound(failure),
        () => Effect.succeed(denied)
      ),
      Effect.catchTag("DepotFailed", ofDepot),
      Effect.provideService(HttpClient.HttpClient, http)
    )
  }

/**
 * Builds on Depot machines, with a cache per project. A killed worker cannot finish its Depot build: the worker that takes the
 * build over does, before it starts a new one. If the worker dies right after Depot created the build, before the ledger has
 * its id, Depot ends the build when health reports stop.
 */
export const DepotBuilderLive = (options: DepotBuilderOptions) =>
  builderLayer(
    options.gitUrl,
    Effect.gen(function* () {
      const http = yield* HttpClient.HttpClient
      const api = yield* depotApi(options.account)
      const projects = yield* depotProjects(api, options)
      return run(api, projects, options, http)
    })
  )
