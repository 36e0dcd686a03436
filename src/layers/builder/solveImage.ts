import type { Client } from "@grpc/grpc-js"
import { Effect, type Redacted } from "effect"
import type { BuildOutcome } from "../../services/Builder.ts"
import type { BuildEvent, RecordEvents } from "../../services/BuildTelemetry.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import type { Report } from "./BuildRuns.ts"
import type { StatusResponse, Timestamp, Vertex } from "./buildkit/descriptors.ts"
import { type SolveFailed, solve } from "./buildkit/solve.ts"
import { type BuildSpec, contextUrl, gitTokenSecret, registryHost } from "./buildSpec.ts"
import { makeOutputDecoder } from "./decodeOutput.ts"
import { describeFailure, isLost } from "./describeFailure.ts"
import { BuildLost } from "./holdBuild.ts"

/** Where images are pushed. */
export interface Registry {
  /** Host and perhaps a path, without a tag. */
  readonly url: string
  readonly username: string
  readonly password: Redacted.Redacted
  /** Plain HTTP, or a certificate that nobody vouches for. */
  readonly insecure: boolean
}

/** What a build needs besides the commit. */
export interface BuildSite {
  /** Where git serves repositories, such as `https://github.com`. */
  readonly gitUrl: string
  /** Null when there is none to push to with credentials. */
  readonly registry: Registry
}

export interface ImageBuild {
  readonly spec: BuildSpec
  readonly image: string
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
  // `RUN --mount=type=cache` is shared by everybody who names the same id; this makes the names a tenant's own.
  "build-arg:BUILDKIT_CACHE_MOUNT_NS": spec.workspaceId
})

const imageAttrs = ({ registry }: BuildSite, image: string): Readonly<Record<string, string>> => ({
  name: image,
  push: "true",
  "oci-mediatypes": "true",
  ...(registry.insecure ? { "registry.insecure": "true" } : {})
})

/**
 * Builds a commit on a BuildKit and pushes the image. Every builder ends here. `ref` is new for each attempt. Interrupting it
 * cancels the build on the daemon.
 */
export const solveImage = (
  client: Client,
  site: BuildSite,
  ref: string,
  { image, record, report, spec, token }: ImageBuild
): Effect.Effect<Pushed | Failed, BuildLost> => {
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
  const { password, url, username } = site.registry
  const build = {
    ref,
    frontendAttrs: frontendAttrs(site, spec),
    imageAttrs: imageAttrs(site, image),
    offers: {
      secrets: new Map(token === null ? [] : [[gitTokenSecret(site.gitUrl), token]]),
      registry: { host: registryHost(url), username, password }
    }
  }
  const failed = (failure: SolveFailed): Effect.Effect<Failed, BuildLost> =>
    isLost(failure)
      ? new BuildLost({ text: failure.text })
      : Effect.as(
          Effect.logInfo("A build failed", { builderSays: firstCodePoints(failure.text, 1000) }),
          describeFailure(failure, failedSteps.get(failure.vertex ?? "") ?? [...failedSteps.values()][0], spec)
        )
  return solve(client, build, follow).pipe(
    Effect.flatMap((exporter) => {
      const digest = exporter["containerimage.digest"]
      return digest === undefined
        ? new BuildLost({ text: "the builder did not say which image it pushed" })
        : Effect.succeed<Pushed>({ _tag: "Pushed", digest })
    }),
    Effect.catchTag("SolveFailed", failed)
  )
}
