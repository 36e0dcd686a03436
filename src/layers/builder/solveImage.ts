import type { HttpClient } from "@effect/platform"
import type { Client } from "@grpc/grpc-js"
import { Effect, Either, Redacted } from "effect"
import type { BuildOutcome } from "../../services/builds/Builder.ts"
import type { RecordEvents } from "../../services/builds/BuildTelemetry.ts"
import type { EnvironmentVariables } from "../../services/builds/BuildVariables.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import type { Report } from "./BuildRuns.ts"
import { makeBuildEvents } from "./buildEvents.ts"
import { type BuildkitTooOld, ping } from "./buildkit/BuildkitClient.ts"
import type { StatusResponse, Vertex } from "./buildkit/descriptors.ts"
import { SolveFailed, solve } from "./buildkit/solve.ts"
import { BuildLost } from "./buildLease.ts"
import { type BuildSpec, contextUrl, gitTokenSecret } from "./buildSpec.ts"
import { describeFailure, isLost } from "./describeFailure.ts"
import type { Registry } from "./Registry.ts"
import { redaction } from "./redaction.ts"
import { sandboxName } from "./sandboxName.ts"
import { sessionRegistry } from "./sessionRegistry.ts"
import { type SourceRule, sourcePolicyOf } from "./sourcePolicy.ts"
import { environmentFileArgument, environmentFileSecret, variableSecrets } from "./variableSecrets.ts"

/** Settings shared by all builds. */
export interface BuildEnvironment {
  /** Base URL of repositories, such as `https://github.com`. */
  readonly gitUrl: string
  readonly registry: Registry
}

export interface ImageBuild {
  readonly spec: BuildSpec
  readonly image: string
  /** Scope of the registry credentials: the whole registry, or the images of the build's project. */
  readonly credentialsOpen: "registry" | "project"
  /** Null for a public repository. */
  readonly token: Redacted.Redacted | null
  /** Null if builds get no variables. */
  readonly variables: EnvironmentVariables | null
  readonly record: RecordEvents
  readonly report: Report
}

/** The pushed image and its digest. */
export interface PushedImage {
  readonly _tag: "Pushed"
  readonly digest: string
}

type Failed = Extract<BuildOutcome, { readonly _tag: "Failed" }>

/**
 * Every secret that a build can read and a Dockerfile could print, including the header that BuildKit's git client makes from
 * the token.
 */
const secretsOf = ({ token, variables }: ImageBuild, { password }: Registry): ReadonlyArray<string> => [
  Redacted.value(password),
  ...(token === null ? [] : [Redacted.value(token), basicCredentials(token)]),
  ...Array.from(variables?.values.values() ?? [], (value) => Redacted.value(value))
]

const basicCredentials = (token: Redacted.Redacted): string =>
  Buffer.from(`x-access-token:${Redacted.value(token)}`).toString("base64")

const frontendAttrs = (
  { gitUrl }: BuildEnvironment,
  { spec, variables }: ImageBuild
): Readonly<Record<string, string>> => ({
  platform: spec.platform,
  context: contextUrl(gitUrl, spec),
  filename: spec.dockerfilePath,
  // Forces the daemon's own frontend, ignoring `# syntax=`. Another frontend could define build steps with cache mounts and
  // cache imports outside any policy.
  cmdline: "dockerfile.v0",
  // `RUN --mount=type=cache` shares a cache by id; this scopes the ids to the tenant.
  "build-arg:BUILDKIT_CACHE_MOUNT_NS": spec.workspaceId,
  // A step's cache key excludes secrets and cache mounts; this separates it by tenant. A changed variable changes the name, so
  // no step reuses a result of the old value.
  "build-arg:BUILDKIT_SANDBOX_HOSTNAME": sandboxName(
    spec.workspaceId,
    ...(variables === null ? [] : [variables.version])
  ),
  ...(variables === null ? {} : { [`build-arg:${environmentFileArgument}`]: environmentFileSecret })
})

const imageAttrs = ({ registry }: BuildEnvironment, image: string): Readonly<Record<string, string>> => ({
  name: image,
  push: "true",
  // A containerd worker would also store the image by name, and rejects one of two concurrent exports of a name.
  store: "false",
  "oci-mediatypes": "true",
  ...(registry.insecure ? { "registry.insecure": "true" } : {})
})

/** A daemon that does not respond within this time is unavailable: the build has to be started again. */
export const connectTimeout = 10_000

const tooOld = ({ message }: BuildkitTooOld): Failed => ({ _tag: "Failed", kind: "builder_too_old", message })

const requestOf = (
  site: BuildEnvironment,
  ref: string,
  build: ImageBuild,
  registry: Effect.Effect.Success<ReturnType<typeof sessionRegistry>>
) => {
  const { credentialsOpen, image, spec, token, variables } = build
  const registryKnowsPasswordsOnly = registry.access === "Passwords" && credentialsOpen === "registry"
  const secrets = new Map([
    ...(variables === null ? [] : variableSecrets(variables)),
    ...(token === null ? [] : [[gitTokenSecret(site.gitUrl), token] as const])
  ])
  return {
    ref,
    frontendAttrs: frontendAttrs(site, build),
    imageAttrs: imageAttrs(site, image),
    sourcePolicy: sourcePolicyOf(
      { gitUrl: site.gitUrl, registryUrl: site.registry.url, registryKnowsPasswordsOnly },
      spec
    ),
    offers: { secrets, registry }
  }
}

/**
 * Builds a commit on BuildKit and pushes the image. A build reads only what `sourcePolicyOf` allows. All builders use this.
 * `ref` is new for each attempt. Interruption cancels the build on the daemon.
 */
export const solveImage = (
  client: Client,
  site: BuildEnvironment,
  ref: string,
  build: ImageBuild
): Effect.Effect<PushedImage | Failed, BuildLost, HttpClient.HttpClient> => {
  const { image, record, report, spec } = build
  const failedSteps = new Map<string, Vertex>()
  const redact = redaction(secretsOf(build, site.registry))
  const events = makeBuildEvents(redact)
  const follow = (status: StatusResponse) =>
    Effect.suspend(() => {
      const vertexes = events.vertexes(status)
      for (const vertex of vertexes) {
        if (vertex.error !== "") failedSteps.set(vertex.digest, vertex)
        else if (vertex.started !== null && vertex.completed === null) report(vertex.name)
      }
      return record(events.eventsOf(status.logs, vertexes))
    })
  const failed = (failure: SolveFailed, policy: ReadonlyArray<SourceRule>): Effect.Effect<Failed, BuildLost> =>
    isLost(failure)
      ? new BuildLost({ text: failure.text })
      : Effect.as(
          Effect.logInfo("A build failed", { builderSays: firstCodePoints(failure.text, 1000) }),
          describeFailure(failure, failedSteps.get(failure.vertex ?? "") ?? [...failedSteps.values()][0], spec, policy)
        )
  return Effect.gen(function* () {
    yield* ping(client, connectTimeout)
    const registry = yield* sessionRegistry(site.registry, image)
    const request = requestOf(site, ref, build, registry)
    const exporter = yield* solve(client, request, follow).pipe(
      Effect.ensuring(Effect.suspend(() => record(events.rest()))),
      Effect.mapError((failure) => new SolveFailed({ ...failure, text: redact.text(failure.text) })),
      Effect.either
    )
    if (Either.isLeft(exporter)) return yield* failed(exporter.left, request.sourcePolicy)
    const digest = exporter.right["containerimage.digest"]
    if (digest === undefined) return yield* new BuildLost({ text: "the builder did not say which image it pushed" })
    return { _tag: "Pushed", digest } satisfies PushedImage
  }).pipe(
    Effect.catchTags({
      BuildkitSilent: ({ reason }) => new BuildLost({ text: `BuildKit does not answer: ${reason}` }),
      BuildkitTooOld: (problem) => Effect.succeed(tooOld(problem)),
      RegistryUnavailable: ({ message }) => new BuildLost({ text: message })
    })
  )
}
