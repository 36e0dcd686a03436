import { Effect } from "effect"
import { step } from "effect-restate"
import { Builder } from "../../services/Builder.ts"

/**
 * Stops a build, whatever it is doing. Given up after two minutes: a builder that is away must not keep a slot or a
 * cancelled deployment waiting, and the builder's own deadline ends what it still runs.
 */
export const cancelBuild = (buildId: string) =>
  Effect.gen(function* () {
    const builder = yield* Builder
    yield* step("cancel-build", builder.cancel(buildId), { retry: { maxDuration: "2 minutes" } })
  }).pipe(
    Effect.catchTag("StepFailed", ({ reason }) => Effect.logWarning(`build ${buildId} could not be stopped: ${reason}`))
  )
