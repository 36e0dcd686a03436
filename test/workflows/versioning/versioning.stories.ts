import { Effect } from "effect"
import { namesOf } from "../../support/memory/seeds.ts"
import * as commands from "../../support/workflows/commands.ts"
import { type Story, story, thorough } from "../../support/workflows/Story.ts"
import { createdAt, withLive } from "../../support/workflows/seeds.ts"

const shopIds = namesOf("shop")

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
  RaiseVersion: story(
    withLive.pipe(Effect.zipRight(commands.raiseVersion("eu", 41n)), Effect.zipRight(commands.getVersion("eu"))),
    thorough
  ),
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
