import { Effect } from "effect"
import * as commands from "../../support/workflows/commands.ts"
import { type Story, story, thorough } from "../../support/workflows/Story.ts"
import { withTwo } from "../../support/workflows/seeds.ts"

export const deploymentStories = {
  "ScheduleDesiredStateChange and the change it sends": story(
    withTwo.pipe(Effect.zipRight(commands.scheduleChange("d_2", { delayMillis: 1_800_000, state: "standby" }))),
    thorough
  ),
  "ScheduleDesiredStateChange of a live deployment": story(
    withTwo.pipe(Effect.zipRight(commands.scheduleChange("d_1", { delayMillis: 0, state: "standby" }))),
    thorough
  ),
  "ChangeDesiredState with an old nonce": story(
    withTwo.pipe(Effect.zipRight(commands.changeState("d_2", { nonce: "old", state: "standby" }))),
    thorough
  ),
  TakeScheduledStateChange: story(
    Effect.gen(function* () {
      yield* withTwo
      yield* commands.scheduleChange("d_2", { delayMillis: 1_800_000, state: "standby" })
      return yield* commands.takeChange("d_2")
    }),
    thorough
  ),
  ClearScheduledStateChanges: story(
    Effect.gen(function* () {
      yield* withTwo
      yield* commands.scheduleChange("d_2", { delayMillis: 1_800_000, state: "standby" })
      return yield* commands.clearChanges("d_2")
    }),
    thorough
  )
} satisfies Record<string, Story>
