import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { projectPath } from "../../src/names/imageReference.ts"
import { BuildFixture, unavailableReason } from "../support/builds/BuildFixture.ts"
import { namesOf, seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { buildStackOf, region } from "./support/buildStack.ts"
import { commitScript, push, standingOf, untilBuilding, untilIdle, untilSlotsFree } from "./support/pushes.ts"
import { Workers } from "./support/Stack.ts"

const reason = await unavailableReason

if (reason !== null) {
  describe("builds of two workers", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildStackOf(2), { excludeTestServices: true, timeout: "5 minutes" })("builds of two workers", (it) => {
    it.effect("a build is looked after by whichever worker is asked, and outlives the death of either", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { registry } = yield* BuildFixture
        const { processes } = yield* Workers
        yield* seedProject("replicas", { regions: { [region]: 1 } })
        const commitSha = yield* commitScript("replicas", "/bin/busybox sleep 6; /bin/busybox date > /built")
        const dockerfilePath = "replicas.Dockerfile"
        const invocation = yield* push({ project: "replicas", deploymentId: "d_replicas", commitSha, dockerfilePath })
        for (const worker of processes) {
          yield* untilBuilding
          yield* worker.kill("SIGKILL")
          yield* worker.restart
        }
        assert.deepInclude(yield* restate.attach(invocation), { status: 200, body: {} })
        const { image, status } = yield* standingOf("d_replicas")
        const digest = yield* registry.digestOf(projectPath(namesOf("replicas")), "d_replicas")
        assert.strictEqual(status, "ready")
        assert.strictEqual(image?.split("@")[1], Option.getOrUndefined(digest))
        yield* untilIdle
        yield* untilSlotsFree("replicas")
      })
    )
  })
}
