import { Effect } from "effect"
import { namesOf, seedRoute } from "../../support/memory/seeds.ts"
import * as commands from "../../support/workflows/commands.ts"
import { type Story, story, thorough } from "../../support/workflows/Story.ts"
import { hostsOf, withTwo } from "../../support/workflows/seeds.ts"

const shopIds = namesOf("shop")

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
