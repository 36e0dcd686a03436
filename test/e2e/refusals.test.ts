import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { DeploymentService } from "../../src/contract/DeploymentService.ts"
import { RoutingService } from "../../src/contract/RoutingService.ts"
import { VersioningService } from "../../src/contract/VersioningService.ts"
import { desiredSentinel } from "../../src/workflows/deploy/sentinel.ts"
import { namesOf, seedDeployment, seededAt, seedProject, sentinelNamed } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { deploymentRow, deployNew, imageOf, projectRow, routesOf, rows, unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { messageOf, postDeployService, postRaw, type RawReply, refusalMembers } from "./support/ingress.ts"
import { refusals } from "./support/refusals.ts"
import { stack } from "./support/Stack.ts"

const region = "local.dev"
const { projectId, previewId } = namesOf("shop")
const service = "hydra.v1.DeployService"

/** A refusal takes milliseconds; this only tells an answer from a hang. */
const hangMillis = 5000

/** Deployments of two projects: a former live one, the live one, one that is pending, one of preview, one of another project. */
const seeds = Layer.effectDiscard(
  Effect.gen(function* () {
    yield* seedProject("shop", { regions: { [region]: 1 } })
    yield* deployNew("shop", "d_former", 1)
    yield* deployNew("shop", "d_live", 2)
    yield* deployNew("shop", "d_preview", 3, { environment_id: previewId })
    yield* seedDeployment("shop", "d_pending", { created_at: seededAt + 4 })
    yield* seedDeployment("shop", "d_git", { created_at: seededAt + 5 })
    yield* seedDeployment("shop", "d_no_source", { created_at: seededAt + 6 })
    yield* seedDeployment("shop", "d_no_image", { created_at: seededAt + 7 })
    yield* seedProject("other", { regions: { [region]: 1 } })
    yield* deployNew("other", "d_other", 1)
    yield* seedProject("idle", { regions: { [region]: 1 } })
    yield* seedDeployment("idle", "d_idle", { status: "ready" })
    yield* seedProject("bare", { regions: { [region]: 1 }, project: { live_deployment_id: "d_bare" } })
    yield* seedDeployment("bare", "d_bare", { status: "ready" })
    yield* seedDeployment("bare", "d_routeless", { status: "ready" })
    const gone = { workspace_id: "ws_gone", project_id: "proj_gone", environment_id: "env_gone" }
    yield* seedDeployment("shop", "d_orphan", gone)
    yield* seedDeployment("shop", "d_orphan_too", gone)
  })
)

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`
const megabyte = "x".repeat(1024 * 1024)

/** Bodies that no honest client sends. Every one is a client's mistake: 4xx, and nothing runs. */
const poison: Readonly<Record<string, string>> = {
  "nothing at all": "",
  "text that is not JSON": "{deploymentId: d_pending}",
  "half of a body": '{"deploymentId":"d_pend',
  "a list": "[]",
  "a string": '"d_pending"',
  null: "null",
  "a number where an id belongs": '{"deploymentId":7}',
  "an object where an id belongs": '{"deploymentId":{"id":"d_pending"}}',
  "an id that is too long": `{"deploymentId":"${"d".repeat(129)}"}`,
  "an image of the wrong type": '{"deploymentId":"d_pending","dockerImage":"nginx"}',
  "one field spelled twice": '{"deploymentId":"d_pending","deployment_id":"d_live"}',
  "a prototype in place of fields": '{"__proto__":{"deploymentId":"d_pending","dockerImage":{"image":"nginx"}}}',
  "a constructor in place of fields": '{"constructor":{"prototype":{"deploymentId":"d_pending"}}}',
  "ten thousand levels in a field": `{"deploymentId":${nested(10_000)}}`,
  "a megabyte in a field": `{"deploymentId":"${megabyte}"}`,
  "a megabyte beside the fields": `{"deploymentId":"d_pending","comment":"${megabyte}"}`,
  "a megabyte that is not JSON": megabyte
}

const privateHandlers = [DeploymentService, RoutingService, VersioningService].flatMap(({ handlers, name }) =>
  Object.keys(handlers).map((handler) => `${name}/nobody/${handler}`)
)

const expectRefusal = (reply: RawReply, elapsed: number) => {
  assert.isBelow(elapsed, hangMillis)
  assert.isTrue(reply.status >= 400 && reply.status < 500, `${reply.status} ${reply.text.slice(0, 200)}`)
  // A refusal says what is wrong, not everything that was sent.
  assert.isBelow(reply.text.length, 2000)
  assert.isAbove(messageOf(reply).length, 0)
  assert.hasAllKeys(JSON.parse(reply.text), refusalMembers)
}

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([elapsed, value]) => [value, Duration.toMillis(elapsed)] as const)

/** A refusal that is always the same, asked for to learn whether the key answers. */
const expectUsable = Effect.fnUntraced(function* (key: string) {
  const [reply, elapsed] = yield* timed(postDeployService("Promote", key, { targetDeploymentId: "d_live" }))
  assert.strictEqual(messageOf(reply), "cannot promote deployment d_live: it is already live")
  assert.isBelow(elapsed, hangMillis)
})

const world = Layer.provideMerge(seeds, stack({ regions: [region] }))

layer(world, { excludeTestServices: true, timeout: "1 minute" })("refusing", (it) => {
  for (const [what, { body, handler, message, status }] of Object.entries(refusals)) {
    it.effect(`${what} is answered with ${status} and the reason`, () =>
      Effect.gen(function* () {
        const [reply, elapsed] = yield* timed(postDeployService(handler, projectId, body))
        expectRefusal(reply, elapsed)
        assert.strictEqual(reply.status, status)
        if (typeof message === "string") assert.strictEqual(messageOf(reply), message)
        else assert.match(messageOf(reply), message)
        yield* expectUsable(projectId)
      })
    )
  }

  for (const [what, body] of Object.entries(poison)) {
    it.effect(`${what} is refused at once, and the key goes on working`, () =>
      Effect.gen(function* () {
        for (const handler of ["Deploy", "Promote", "Rollback"]) {
          const [reply, elapsed] = yield* timed(postRaw(`${service}/${projectId}/${handler}`, body))
          expectRefusal(reply, elapsed)
        }
        yield* expectUsable(projectId)
      })
    )
  }

  for (const [what, id] of Object.entries({ "a NUL": "d_\u0000", "half of a surrogate pair": "d_\ud800" })) {
    it.effect(`an id with ${what} is an unknown id`, () =>
      Effect.gen(function* () {
        const [reply, elapsed] = yield* timed(postDeployService("Promote", projectId, { targetDeploymentId: id }))
        expectRefusal(reply, elapsed)
        assert.strictEqual(reply.status, 404)
        yield* expectUsable(projectId)
      })
    )
  }

  for (const extra of ['"aFieldOfANewerClient":true', `"deep":${nested(10_000)}`, '"__proto__":{"polluted":true}']) {
    it.effect(`a request with ${extra.slice(0, 24)}... is taken as if that were absent`, () =>
      Effect.gen(function* () {
        const reply = yield* postRaw(`${service}/${projectId}/Promote`, `{${extra},"targetDeploymentId":"d_live"}`)
        assert.strictEqual(messageOf(reply), "cannot promote deployment d_live: it is already live")
      })
    )
  }

  for (const target of privateHandlers) {
    it.effect(`${target} cannot be called from outside`, () =>
      Effect.gen(function* () {
        const reply = yield* postRaw(target, "{}")
        assert.deepStrictEqual([reply.status, messageOf(reply)], [400, "the invoked service is not public"])
        const restate = yield* RestateClient
        const started = `SELECT id FROM sys_invocation WHERE target = '${target}'`
        assert.deepStrictEqual(yield* restate.sql(started), [])
      })
    )
  }

  it.effect("after all of it the project is as it was, and nothing is left unfinished or paused", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* projectRow("shop"), { live: "d_live", rolledBack: false })
      assert.deepStrictEqual(yield* routesOf("shop"), {
        "shop-production-shop": "d_live",
        "shop-shop": "d_live",
        "shop-preview-shop": "d_preview"
      })
      assert.deepInclude(yield* deploymentRow("d_pending"), { status: "pending", updated_at: null })
      yield* eventually("the end of every invocation", unfinished, (left) => left.length === 0)
    })
  )

  it.effect("a deploy of rows that do not fit is refused with 400 and the reason, and its step is closed", () =>
    Effect.gen(function* () {
      const configs: ReadonlyArray<readonly [string, unknown]> = [
        ["text", { [region]: "3" }],
        ["null", { [region]: null }],
        ["object", { [region]: { replicas: 1 } }],
        ["list", [region]],
        ["unknown", { gjkkjbcaa: 1 }]
      ]
      yield* Effect.forEach(
        configs,
        ([name, config]) =>
          Effect.gen(function* () {
            yield* seedProject(name)
            const { productionId } = namesOf(name)
            const world = yield* World
            yield* world.update(
              "environment_runtime_settings",
              { environment_id: productionId },
              { region_config: config }
            )
            const deploymentId = `d_${name}`
            yield* seedDeployment(name, deploymentId, { created_at: seededAt + 1 })
            const body = { deploymentId, dockerImage: { image: imageOf(deploymentId) } }
            const [reply, elapsed] = yield* timed(postDeployService("Deploy", namesOf(name).projectId, body))
            assert.strictEqual(reply.status, 400)
            assert.match(messageOf(reply), /^region_config: /)
            assert.isBelow(elapsed, hangMillis)
            assert.deepInclude(yield* deploymentRow(deploymentId), { status: "failed" })
            const steps = (yield* rows).deployment_steps.filter((row) => row.deployment_id === deploymentId)
            assert.deepStrictEqual(
              steps.map(({ ended_at, error, step }) => [step, ended_at !== null, error]),
              [["queued", true, messageOf(reply)]]
            )
          }),
        { discard: true }
      )
      yield* eventually("the end of every invocation", unfinished, (left) => left.length === 0)
    })
  )

  it.effect("a deploy that meets the key of another row fails with the reason, and its region and project go on", () =>
    Effect.gen(function* () {
      const { projectId, productionId } = namesOf("collides")
      yield* seedProject("collides", { regions: { [region]: 1 } })
      yield* seedProject("neighbour", { regions: { [region]: 1 } })
      const wanted = { environmentId: productionId, environmentSlug: "production", region, image: "i" }
      const taken = sentinelNamed("se_of_another", desiredSentinel(wanted))
      const world = yield* World
      yield* world.insert("sentinels", taken)
      const refused = (id: string) =>
        Effect.gen(function* () {
          yield* seedDeployment("collides", id, { created_at: seededAt + 1 })
          const body = { deploymentId: id, dockerImage: { image: imageOf(id) } }
          const [reply, elapsed] = yield* timed(postDeployService("Deploy", projectId, body))
          assert.strictEqual(reply.status, 500)
          const reason = "the database refuses this: another row has this key (RegionStore.transact, error 1062)"
          assert.include(messageOf(reply), reason)
          assert.isBelow(elapsed, hangMillis)
          assert.deepInclude(yield* deploymentRow(id), { status: "failed" })
          const steps = (yield* rows).deployment_steps.filter(({ deployment_id }) => deployment_id === id)
          assert.deepStrictEqual(
            steps.filter(({ error }) => error !== null).map(({ ended_at, error }) => [ended_at !== null, error]),
            [[true, messageOf(reply)]]
          )
        })
      const served = (id: string, nth: number) =>
        Effect.map(timed(deployNew("neighbour", id, nth)), ([, elapsed]) => assert.isBelow(elapsed, hangMillis))

      yield* refused("d_collides_1")
      yield* served("d_neighbour_1", 1)
      yield* Effect.all([refused("d_collides_2"), served("d_neighbour_2", 2), refused("d_collides_3")], {
        concurrency: "unbounded"
      })
      const { sentinels } = yield* rows
      assert.deepStrictEqual(
        sentinels.filter(({ k8s_name }) => k8s_name === taken.k8s_name),
        [taken]
      )
      yield* eventually("the end of every invocation", unfinished, (left) => left.length === 0)

      // The name is free again: the project's own key, its environment's and the region's were never held.
      yield* world.update("sentinels", { id: taken.id }, { k8s_name: "another", k8s_address: "another" })
      yield* deployNew("collides", "d_collides_4", 4)
      assert.deepInclude(yield* deploymentRow("d_collides_4"), { status: "ready" })
    })
  )

  it.effect("a deploy refused for its source is failed, with the reason at its step", () =>
    Effect.gen(function* () {
      const { deployment_steps } = yield* rows
      for (const [id, error] of [
        ["d_git", "deployment d_git asks for a build from git, but builds are not configured; deploy a Docker image"],
        ["d_no_source", "source: give either dockerImage or git"],
        [
          "d_no_image",
          "dockerImage.image: must be the reference of an image, such as registry.example.com/team/image:tag"
        ]
      ] as const) {
        assert.deepInclude(yield* deploymentRow(id), { status: "failed" })
        assert.deepStrictEqual(
          deployment_steps.filter(({ deployment_id }) => deployment_id === id).map(({ step, error }) => [step, error]),
          [["queued", error]]
        )
      }
    })
  )
})
