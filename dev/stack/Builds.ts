import { Context, Effect, Layer, type Option } from "effect"
import { type EnterpriseServer, enterpriseServer } from "../simulators/EnterpriseServer.ts"
import { type RunningBuildkit, startBuildkit } from "./Buildkit.ts"
import { optionalPart } from "./Optional.ts"
import { localRegistry, type Registry } from "./Registry.ts"
import { RunDirectory, RunDirectoryLive } from "./RunDirectory.ts"
import { ComponentMissing, type StackFailure } from "./StackFailure.ts"
import { staticShell } from "./StaticShell.ts"

export interface BuildParts {
  readonly buildkit: RunningBuildkit
  readonly registry: Registry
  readonly origin: EnterpriseServer
  /** A static shell, for images without a base image. */
  readonly busybox: Uint8Array
}

/** All external services for deploying from git; none if no builder can run. */
export class Builds extends Context.Tag("ctrl-worker/dev/Builds")<Builds, Option.Option<BuildParts>>() {}

class Parts extends Context.Tag("ctrl-worker/dev/BuildParts")<Parts, BuildParts>() {}

/** An engine needs full root privileges and cannot be downloaded without a network. */
const cannotRun = (failure: StackFailure) =>
  failure._tag === "ComponentMissing"
    ? failure
    : new ComponentMissing({ component: "builder", remedies: [failure.message] })

const make = (repository: string, installation: string) =>
  Effect.gen(function* () {
    const directory = yield* RunDirectory
    // Packages first, so that a missing one shows before any program starts.
    const busybox = yield* staticShell
    const [buildkit, registry] = yield* Effect.all([startBuildkit, localRegistry], { concurrency: 2 })
    const folder = yield* directory.folderFor("origin")
    const origin = yield* enterpriseServer({ folder, installations: { [installation]: [repository] } })
    return { buildkit, registry, origin, busybox }
  }).pipe(Effect.mapError(cannotRun))

/** A builder, a registry, and a GitHub with one repository and an App installation that can read it. */
export const builds = (repository: string, installation: string) =>
  optionalPart(
    Builds,
    "deploys from git",
    Layer.provide(Layer.scoped(Parts, make(repository, installation)), RunDirectoryLive),
    Parts
  )

/** A worker's settings for these services, by configuration name. */
export const buildSettings = ({ buildkit, origin: { apiUrl, app, git }, registry }: Omit<BuildParts, "busybox">) => ({
  WORKER_BUILDER_BUILDKIT_ADDRESS: buildkit.address,
  // Builds for this machine's platform.
  WORKER_BUILD_PLATFORM: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
  WORKER_REGISTRY_URL: registry.host,
  WORKER_REGISTRY_USERNAME: registry.username,
  WORKER_REGISTRY_PASSWORD: registry.password,
  WORKER_REGISTRY_INSECURE: "true",
  WORKER_GITHUB_APP_ID: String(app.appId),
  WORKER_GITHUB_PRIVATE_KEY_PEM: app.privateKeyPem,
  WORKER_GITHUB_API_URL: apiUrl,
  WORKER_GITHUB_GIT_URL: git.url
})
