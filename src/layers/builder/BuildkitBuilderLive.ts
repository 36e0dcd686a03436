import { randomBytes } from "node:crypto"
import type { Client } from "@grpc/grpc-js"
import { Effect, Layer } from "effect"
import { Builder, type BuildOutcome } from "../../services/Builder.ts"
import { BuildLedger } from "../../services/BuildLedger.ts"
import { BuildTelemetry } from "../../services/BuildTelemetry.ts"
import { GitHub } from "../../services/GitHub.ts"
import type { Report } from "./BuildRuns.ts"
import { activeBuilds } from "./buildkit/activeBuilds.ts"
import { type BuildkitAddress, type BuildkitSilent, openBuildkit, ping } from "./buildkit/BuildkitClient.ts"
import { imageName } from "./buildSpec.ts"
import { BuildLost } from "./holdBuild.ts"
import { makeBuilder, type RunBuild } from "./makeBuilder.ts"
import { type BuildSite, solveImage } from "./solveImage.ts"

export interface BuildkitBuilderOptions extends BuildSite {
  readonly buildkit: BuildkitAddress
}

/** The repository of all images in the registry; a path in the registry's address comes before it. */
export const imageRepository = "deployments"

/** A daemon that does not answer by then is not there: whoever polls learns that the build has to be started again. */
const connectTimeout = 10_000

/** Between two looks at a build of the same id that somebody else has begun. */
const lookInterval = "2 seconds"

const ofSilence = ({ reason }: BuildkitSilent) => new BuildLost({ text: `BuildKit does not answer: ${reason}` })

/** No build id has it, so that what stands before it in a ref is one. */
const separator = "~"

/** Never used twice: the daemon refuses a ref for ten seconds after the build it belonged to. */
const newRef = (buildId: string) => `${buildId}${separator}${randomBytes(6).toString("hex")}`

/**
 * Waits while the daemon is at work on a build of that id: another worker's, or one that it is still ending. What that one
 * has built is in the cache then, so that building it again takes a moment. Two that begin at the same moment share what
 * they have in common while they run.
 */
const untilNobodyBuilds = (client: Client, buildId: string, report: Report) =>
  activeBuilds(client).pipe(
    Effect.mapError(({ details }) => new BuildLost({ text: `BuildKit does not say what it builds: ${details}` })),
    Effect.flatMap((refs) => {
      if (!refs.some((ref) => ref.startsWith(`${buildId}${separator}`))) return Effect.succeed(false)
      report("waiting for another worker's build of the same deployment")
      return Effect.as(Effect.sleep(lookInterval), true)
    }),
    Effect.repeat({ while: (isBusy) => isBusy })
  )

const run =
  (client: Client, site: BuildSite): RunBuild =>
  (build) =>
    Effect.gen(function* () {
      yield* Effect.mapError(ping(client, connectTimeout), ofSilence)
      const image = imageName(site.registry.url, imageRepository, build.spec)
      yield* untilNobodyBuilds(client, build.spec.buildId, build.report)
      const outcome = yield* solveImage(client, site, newRef(build.spec.buildId), { ...build, image })
      if (outcome._tag === "Failed") return outcome
      const { digest } = outcome
      return {
        _tag: "Succeeded",
        image,
        digest,
        externalBuildId: null,
        depotProjectId: null
      } satisfies BuildOutcome
    })

/**
 * Builds on one BuildKit daemon, a buildkitd or a Docker Engine. All tenants share it: what keeps them apart is that the
 * repository's owner is asked before each build and that cache mounts have the workspace's name; a Dockerfile with a
 * frontend of its own can get around the latter. Who builds for strangers gives each tenant a daemon, or uses Depot.
 * A worker that dies leaves nothing to finish: the daemon ends a build whose session is gone.
 */
export const BuildkitBuilderLive = (
  options: BuildkitBuilderOptions
): Layer.Layer<Builder, never, BuildLedger | BuildTelemetry | GitHub> =>
  Layer.scoped(
    Builder,
    Effect.gen(function* () {
      const github = yield* GitHub
      const ledger = yield* BuildLedger
      const telemetry = yield* BuildTelemetry
      const client = yield* openBuildkit(options.buildkit)
      return yield* makeBuilder({ gitUrl: options.gitUrl, github, ledger, telemetry, run: run(client, options) })
    })
  )
