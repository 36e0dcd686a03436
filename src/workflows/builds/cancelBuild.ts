import { Effect } from "effect"
import { step } from "effect-restate"
import { Builder } from "../../services/builds/Builder.ts"

/**
 * Stops a build in any state. Gives up after two minutes: an unreachable builder must not hold a slot or a cancelled
 * deployment, and the builder's own deadline ends the build.
 */
export const cancelBuild = (buildId: string) =>
  Effect.gen(function* () {
    const builder = yield* Builder
    yield* step("cancel-build", builder.cancel(buildId), { retry: { maxDuration: "2 minutes" } })
  }).pipe(
    Effect.catchTag("StepFailed", ({ reason }) =>
      Effect.annotateLogs(Effect.logWarning("A build could not be stopped", { problem: reason }), "build_id", buildId)
    )
  )
