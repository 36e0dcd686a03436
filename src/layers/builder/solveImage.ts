import type { HttpClient } from "@effect/platform"
import type { Client } from "@grpc/grpc-js"
import { Effect, Either, type Redacted } from "effect"
import type { BuildOutcome } from "../../services/Builder.ts"
import type { BuildEvent, RecordEvents } from "../../services/BuildTelemetry.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import type { Report } from "./BuildRuns.ts"
import { type BuildkitTooOld, ping } from "./buildkit/BuildkitClient.ts"
import type { StatusResponse, Timestamp, Vertex } from "./buildkit/descriptors.ts"
import { type SolveFailed, solve } from "./buildkit/solve.ts"
import { type BuildSpec, contextUrl, gitTokenSecret } from "./buildSpec.ts"
import { makeOutputDecoder } from "./decodeOutput.ts"
import { describeFailure, isLost } from "./describeFailure.ts"
import { BuildLost } from "./holdBuild.ts"
import type { Registry } from "./Registry.ts"
import { registryOffer } from "./registryOffer.ts"
import { type SourceRule, sourcePolicyOf } from "./sourcePolicy.ts"

/** What a build needs besides the commit. */
export interface BuildSite {
  /** Where git serves repositories, such as `https://github.com`. */
  readonly gitUrl: string
  readonly registry: Registry
}

export interface ImageBuild {
  readonly spec: BuildSpec
  readonly image: string
  /** What the registry's user and password open: all of it, or the images of the build's project alone. */
  readonly credentialsOpen: "registry" | "project"
  /** Null for a public repository. */
  readonly token: Redacted.Redacted | null
  readonly record: RecordEvents
  readonly report: Report
}

/** The image is in the registry under this digest. */
export interface Pushed {
  readonly _tag: "Pushed"
  readonly digest: string
}

type Failed = Extract<BuildOutcome, { readonly _tag: "Failed" }>

const millisOf = (time: Timestamp | null): number | null =>
  time === null ? null : time.seconds * 1000 + Math.floor(time.nanos / 1e6)

const stepOf = ({ cached, completed, digest, error, name, started }: Vertex): BuildEvent => ({
  _tag: "Step",
  stepId: digest,
  name,
  cached,
  startedAt: millisOf(started),
  completedAt: millisOf(completed),
  error
})

const eventsOf = (
  { logs, vertexes }: StatusResponse,
  textOf: ReturnType<typeof makeOutputDecoder>
): ReadonlyArray<BuildEvent> => [
  ...logs.map(
    (log): BuildEvent => ({
      _tag: "Output",
      stepId: log.vertex,
      at: millisOf(log.timestamp) ?? 0,
      text: textOf(log)
    })
  ),
  ...vertexes.map(stepOf)
]

const frontendAttrs = ({ gitUrl }: BuildSite, spec: BuildSpec): Readonly<Record<string, string>> => ({
  platform: spec.platform,
  context: contextUrl(gitUrl, spec),
  filename: spec.dockerfilePath,
  // The daemon's own frontend, whatever `# syntax=` says: with this attribute it takes itself for the one that was named.
  // Another program would make its own build steps, with cache mounts and cache imports that no policy looks at.
  cmdline: "dockerfile.v0",
  // `RUN --mount=type=cache` is shared by everybody who names the same id; this makes the names a tenant's own.
  "build-arg:BUILDKIT_CACHE_MOUNT_NS": spec.workspaceId
})

const imageAttrs = ({ registry }: BuildSite, image: string): Readonly<Record<string, string>> => ({
  name: image,
  push: "true",
  "oci-mediatypes": "true",
  ...(registry.insecure ? { "registry.insecure": "true" } : {})
})

/** A daemon that does not answer by then is not there: the build has to be started again. */
export const connectTimeout = 10_000

const tooOld = ({ message }: BuildkitTooOld): Failed => ({ _tag: "Failed", kind: "builder_too_old", message })

/**
 * Builds a commit on a BuildKit and pushes the image, and reads nothing but what `sourcePolicyOf` allows. Every builder ends
 * here. `ref` is new for each attempt. Interrupting it cancels the build on the daemon.
 */
export const solveImage = (
  client: Client,
  site: BuildSite,
  ref: string,
  { credentialsOpen, image, record, report, spec, token }: ImageBuild
): Effect.Effect<Pushed | Failed, BuildLost, HttpClient.HttpClient> => {
  const failedSteps = new Map<string, Vertex>()
  const textOf = makeOutputDecoder()
  const follow = (status: StatusResponse) =>
    Effect.suspend(() => {
      for (const vertex of status.vertexes) {
        if (vertex.error !== "") failedSteps.set(vertex.digest, vertex)
        else if (vertex.started !== null && vertex.completed === null) report(vertex.name)
      }
      return record(eventsOf(status, textOf))
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
    const registry = yield* registryOffer(site.registry, image)
    const sourcePolicy = sourcePolicyOf(
      {
        gitUrl: site.gitUrl,
        registryUrl: site.registry.url,
        registryKnowsPasswordsOnly: registry.access === "Passwords" && credentialsOpen === "registry"
      },
      spec
    )
    const secrets = new Map(token === null ? [] : [[gitTokenSecret(site.gitUrl), token]])
    const build = {
      ref,
      frontendAttrs: frontendAttrs(site, spec),
      imageAttrs: imageAttrs(site, image),
      sourcePolicy,
      offers: { secrets, registry }
    }
    const exporter = yield* Effect.either(solve(client, build, follow))
    if (Either.isLeft(exporter)) return yield* failed(exporter.left, sourcePolicy)
    const digest = exporter.right["containerimage.digest"]
    if (digest === undefined) return yield* new BuildLost({ text: "the builder did not say which image it pushed" })
    return { _tag: "Pushed", digest } satisfies Pushed
  }).pipe(
    Effect.catchTags({
      BuildkitSilent: ({ reason }) => new BuildLost({ text: `BuildKit does not answer: ${reason}` }),
      BuildkitTooOld: (problem) => Effect.succeed(tooOld(problem)),
      RegistryUnavailable: ({ message }) => new BuildLost({ text: message })
    })
  )
}
