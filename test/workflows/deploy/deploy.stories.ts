import { Effect } from "effect"
import { namesOf } from "../../support/memory/seeds.ts"
import { ControlPlane, type ControlPlaneOptions } from "../../support/workflows/ControlPlane.ts"
import * as commands from "../../support/workflows/commands.ts"
import { fails, hangs } from "../../support/workflows/Krane.ts"
import { type Story, story, thorough, twice } from "../../support/workflows/Story.ts"
import { pending, shop, withLive, withStandby, withTwo } from "../../support/workflows/seeds.ts"

const commit = { git_branch: "main", git_commit_sha: "0f3c9a1b5d" }
const shopIds = namesOf("shop")

/** A short grace makes the same decisions with fewer looks, each of which is a place to crash at. */
const failing: ControlPlaneOptions = { startOf: () => fails, settings: { failureGrace: 5000 } }
const hanging: ControlPlaneOptions = { startOf: () => hangs }

export const deployStories = {
  "Deploy, the first of a project": story(
    shop.pipe(Effect.zipRight(pending("d_1", 1, commit)), Effect.zipRight(commands.deploy("d_1"))),
    twice
  ),
  "Deploy in production, replacing the live deployment": story(
    withLive.pipe(Effect.zipRight(pending("d_2", 2, commit)), Effect.zipRight(commands.deploy("d_2"))),
    twice
  ),
  "Deploy of a preview": story(
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2, { ...commit, environment_id: shopIds.previewId })
      return yield* commands.deploy("d_2")
    }),
    twice
  ),
  "Deploy whose instances fail": story(
    withLive.pipe(Effect.zipRight(pending("d_2", 2, commit)), Effect.zipRight(commands.deploy("d_2"))),
    twice,
    failing
  ),
  "Deploy cancelled while it waits": story(
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2, commit)
      const { engine } = yield* ControlPlane
      const deploying = yield* commands.submitDeploy("d_2")
      yield* engine.advance("10500 millis")
      engine.cancel(deploying.id)
      return yield* engine.result(deploying)
    }),
    // A second delivery is not cancelled with the first one.
    {},
    hanging
  ),
  "Deploy from git, refused": story(
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2, commit)
      const git = { ...commands.gitSource, commitSha: "" }
      return yield* commands.deployWith("d_2", { deploymentId: "d_2", command: [], git })
    }),
    {}
  )
} satisfies Record<string, Story>

export const switchStories = {
  "Promote of a deployment on standby": story(withStandby.pipe(Effect.zipRight(commands.promote("d_1"))), twice),
  "Promote of a deployment that no longer starts": story(
    withStandby.pipe(Effect.zipRight(commands.promote("d_1"))),
    {},
    failing
  ),
  "Promote of a deployment that runs": story(
    Effect.gen(function* () {
      yield* withTwo
      return yield* commands.promote("d_2")
    }),
    thorough
  ),
  "Promote of what a rollback made live": story(
    Effect.gen(function* () {
      yield* withTwo
      yield* commands.rollback("d_1", "d_2")
      return yield* commands.promote("d_2")
    }),
    thorough
  ),
  "Promote that is refused": story(withLive.pipe(Effect.zipRight(commands.promote("d_1"))), thorough),
  "Rollback to a deployment on standby": story(
    withStandby.pipe(Effect.zipRight(commands.rollback("d_2", "d_1"))),
    twice
  ),
  "Rollback that is refused": story(
    withLive.pipe(Effect.zipRight(pending("d_2", 2, commit)), Effect.zipRight(commands.rollback("d_1", "d_2"))),
    thorough
  )
} satisfies Record<string, Story>
