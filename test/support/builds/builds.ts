import { Effect, Schedule } from "effect"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { Builder, type BuildRequest, type BuildState } from "../../../src/services/builds/Builder.ts"

let counter = 0

/** A build request for `acme/shop` with a new id. */
export const request = (commitSha: string, change: Partial<BuildRequest> = {}): BuildRequest => {
  counter += 1
  return {
    buildId: `bld-${process.pid}-${counter}`,
    workspaceId: "ws_1",
    projectId: "proj_A",
    deploymentId: `d_${counter}`,
    depotProjectId: null,
    repository: "acme/shop",
    commitSha,
    contextPath: "/apps/web",
    dockerfilePath: "",
    platform: "linux/amd64",
    installationId: 1n,
    ...change
  }
}

/** Polls in real time until the state is as wanted. */
export const pollUntil = (buildId: string, wanted: (state: BuildState) => boolean) =>
  Effect.gen(function* () {
    const builder = yield* Builder
    return yield* builder.poll(buildId).pipe(
      Effect.filterOrFail(wanted, () => "not yet" as const),
      Effect.retry({ schedule: Schedule.spaced("50 millis"), while: (failure) => failure === "not yet" }),
      Effect.timeout("60 seconds"),
      inRealTime
    )
  })

export const hasEnded = ({ _tag }: BuildState): boolean => _tag !== "Running"

/** Starts a build and waits for its end. */
export const build = (asked: BuildRequest) =>
  Effect.gen(function* () {
    const builder = yield* Builder
    yield* inRealTime(builder.start(asked))
    return yield* pollUntil(asked.buildId, hasEnded)
  })

/** Waits in real time for an external condition. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.sleep("5 millis").pipe(Effect.repeat({ until: condition }), inRealTime, Effect.asVoid)
