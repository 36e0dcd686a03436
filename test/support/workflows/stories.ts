import { Effect } from "effect"
import type { MatrixOptions } from "effect-restate/testing"
import { namesOf, seedRoute } from "../memory/seeds.ts"
import { ControlPlane, type ControlPlaneOptions, type Services } from "./ControlPlane.ts"
import * as commands from "./commands.ts"
import { fails, hangs } from "./Krane.ts"
import { createdAt, hostsOf, pending, shop, withLive, withStandby, withTwo } from "./seeds.ts"

/** One handler's path through its code, on a world of its own, with the disturbances its answer must withstand. */
export interface Story<More = never> {
  readonly run: Effect.Effect<unknown, unknown, Services | More>
  readonly world?: ControlPlaneOptions<More>
  readonly matrix: MatrixOptions
}

const story = (run: Story["run"], matrix: MatrixOptions, world: ControlPlaneOptions = {}): Story => ({
  run,
  matrix,
  world
})

const commit = { git_branch: "main", git_commit_sha: "0f3c9a1b5d" }
const shopIds = namesOf("shop")

const twice = { duplicates: true }
/** Short handlers are also killed twice per run. */
const thorough = { duplicates: true, pairs: 100 }

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

const swapOf = (intent: "deploy" | "promote" | "rollback", expectedLiveDeploymentId: string) =>
  Effect.gen(function* () {
    yield* withTwo
    const { live } = hostsOf("shop")
    const wanted = { fqdn: live, alternative: `alternative-${live}`, sticky: "live" } as const
    return yield* commands.swapLive(shopIds.projectId, {
      intent,
      deploymentId: "d_2",
      ...(intent === "deploy" ? {} : { expectedLiveDeploymentId }),
      domains: intent === "deploy" ? [wanted] : []
    })
  })

export const routingStories = {
  AssignFrontlineRoutes: story(
    Effect.gen(function* () {
      yield* withTwo
      const id = yield* seedRoute("shop", "branch.unkey.test", { deployment_id: "d_1", sticky: "branch" })
      return yield* commands.assignRoutes(shopIds.projectId, { deploymentId: "d_2", frontlineRouteIds: [id, "flr_?"] })
    }),
    thorough
  ),
  "SwapLiveDeployment for a deploy": story(swapOf("deploy", "d_1"), thorough),
  "SwapLiveDeployment for a promotion": story(swapOf("promote", "d_1"), thorough),
  "SwapLiveDeployment for a rollback": story(swapOf("rollback", "d_1"), thorough),
  "SwapLiveDeployment with a stale view": story(swapOf("promote", "d_0"), thorough)
} satisfies Record<string, Story>

const change = (desiredStatus: "starting" | "stopped") => ({
  ...shopIds,
  environmentId: shopIds.productionId,
  deploymentId: "d_1",
  k8sNamespace: "shop",
  topology: { replicas: 1, desiredStatus },
  policies: [{ id: "net_1", k8sName: "policy", k8sNamespace: "shop", policy: { kind: "CiliumNetworkPolicy" } }],
  now: createdAt(9)
})

export const versioningStories = {
  NextVersion: story(withLive.pipe(Effect.zipRight(commands.nextVersion("eu"))), { pairs: 100 }),
  GetVersion: story(withLive.pipe(Effect.zipRight(commands.getVersion("eu"))), thorough),
  PublishChange: story(withLive.pipe(Effect.zipRight(commands.publishChange("eu", change("stopped")))), thorough),
  "PublishChange of what is so already": story(
    Effect.gen(function* () {
      yield* withLive
      yield* commands.publishChange("eu", change("starting"))
      return yield* commands.publishChange("eu", change("starting"))
    }),
    thorough
  )
} satisfies Record<string, Story>

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
