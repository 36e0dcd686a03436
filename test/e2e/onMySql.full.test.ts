import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { isRecentMySql, whyNoMySql } from "../../dev/stack/MySqlProgram.ts"
import { realMySqlServer } from "../../dev/stack/MySqlServer.ts"
import { projectPath } from "../../src/names/imageReference.ts"
import { everythingIsReadable } from "../contract/neighbours/misreadings.ts"
import { BuildFixture, unavailableReason } from "../support/builds/BuildFixture.ts"
import { namesOf, seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { buildStackWith, Origin, region } from "./support/buildStack.ts"
import { deploymentRow, deployNew, projectRow, routesOf } from "./support/deploys.ts"
import { push, standingOf, untilSlotsFree } from "./support/pushes.ts"
import { DatabaseUrl, stack } from "./support/Stack.ts"

const noMySql = await Effect.runPromise(whyNoMySql)
const noBuilds = noMySql ?? (await unavailableReason)

if (noMySql !== null) {
  describe("on MySQL", () => {
    it.skip(`skipped: ${noMySql}`, () => undefined)
  })
} else {
  layer(stack({ regions: [region], server: realMySqlServer }), { excludeTestServices: true, timeout: "1 minute" })(
    "on MySQL",
    (it) => {
      it.effect("a deploy goes live on tables that the worker made there", () =>
        Effect.gen(function* () {
          const [version] = yield* queryServer(yield* DatabaseUrl, "SELECT VERSION() AS version")
          assert.isTrue(isRecentMySql(String(version?.version)), String(version?.version))
          yield* seedProject("shop", { regions: { [region]: 1 } })
          yield* deployNew("shop", "d_1", 1)
          yield* deployNew("shop", "d_2", 2)
          assert.deepInclude(yield* deploymentRow("d_2"), { status: "ready", desired_state: "running" })
          assert.deepStrictEqual(yield* projectRow("shop"), { live: "d_2", rolledBack: false })
          assert.deepStrictEqual(yield* routesOf("shop"), { "shop-production-shop": "d_2", "shop-shop": "d_2" })
          yield* everythingIsReadable
        })
      )
    }
  )
}

if (noBuilds !== null) {
  describe("builds on MySQL", () => {
    it.skip(`skipped: ${noBuilds}`, () => undefined)
  })
} else {
  layer(buildStackWith({ server: realMySqlServer }), { excludeTestServices: true, timeout: "5 minutes" })(
    "builds on MySQL",
    (it) => {
      it.effect("a push is built once, under its lease, and deployed by the digest of its image", () =>
        Effect.gen(function* () {
          const { commitSha } = yield* Origin
          const { registry } = yield* BuildFixture
          const restate = yield* RestateClient
          yield* seedProject("git", { regions: { [region]: 1 } })
          const reply = yield* restate.attach(yield* push({ project: "git", deploymentId: "d_git", commitSha }))
          assert.deepInclude(reply, { status: 200, body: {} })
          const repository = projectPath(namesOf("git"))
          const digest = Option.getOrThrow(yield* registry.digestOf(repository, "d_git"))
          const { image, status } = yield* standingOf("d_git")
          assert.deepStrictEqual(
            { image, status },
            { image: `${registry.host}/${repository}@${digest}`, status: "ready" }
          )
          yield* untilSlotsFree("git")
          yield* everythingIsReadable
        })
      )
    }
  )
}
