import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { DeployService } from "../../src/contract/DeployService.ts"
import { ControlPlane, on } from "../support/workflows/ControlPlane.ts"
import { deploy } from "../support/workflows/commands.ts"
import { answerOf, deploymentRow, timed } from "../support/workflows/queries.ts"
import { pending, shop } from "../support/workflows/seeds.ts"

const bodies: ReadonlyArray<{
  readonly what: string
  readonly handler: string
  readonly body: string
  readonly says: RegExp
}> = [
  { what: "is not JSON", handler: "Deploy", body: '{"deploymentId":', says: /the body is not JSON/ },
  { what: "is a list", handler: "Deploy", body: "[]", says: /must be a JSON object/ },
  { what: "is empty", handler: "Deploy", body: "", says: /deploymentId/ },
  { what: "has an empty id", handler: "Deploy", body: '{"deploymentId":""}', says: /text of 1 to 128 characters/ },
  { what: "has a number for an id", handler: "Deploy", body: '{"deploymentId":5}', says: /deploymentId/ },
  {
    what: "has an endless id",
    handler: "Promote",
    body: JSON.stringify({ targetDeploymentId: "d".repeat(129) }),
    says: /128/
  },
  {
    what: "names two sources",
    handler: "Deploy",
    body: '{"deploymentId":"d_1","git":{},"dockerImage":{}}',
    says: /git and dockerImage exclude each other/
  },
  {
    what: "spells a field twice",
    handler: "Rollback",
    body: '{"sourceDeploymentId":"d_1","source_deployment_id":"d_2","targetDeploymentId":"d_1"}',
    says: /are the same field/
  },
  {
    what: "is a megabyte long",
    handler: "Deploy",
    body: JSON.stringify({ deploymentId: "d_1", padding: "x".repeat(1024 * 1024) }),
    says: /bytes exceed the limit of 262144/
  },
  { what: "is nested without end", handler: "Deploy", body: "[".repeat(200_000), says: /JSON/ }
]

describe("a request", () => {
  for (const { what, handler, body, says } of bodies)
    it.effect(`whose body ${what} is refused with 400 at once, and its key works at once after`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* shop
        yield* pending("d_1", 1)
        const target = { service: DeployService.name, key: "proj_shop", handler }
        const { answer, took } = yield* timed(answerOf(engine.request(target, new TextEncoder().encode(body))))
        assert.strictEqual(answer.code, 400)
        assert.match(answer.message, says)
        assert.strictEqual(took, 0)
        yield* deploy("d_1")
        assert.deepInclude(yield* deploymentRow("d_1"), { status: "ready" })
      }).pipe(on())
    )

  const images = [
    { what: "without an image", source: {}, says: "source: give either dockerImage or git" },
    {
      what: "with an empty image",
      source: { dockerImage: {} },
      says: "dockerImage.image: must be the reference of an image, such as registry.example.com/team/image:tag"
    },
    {
      what: "with spaces in its image",
      source: { docker_image: { image: "web 1" } },
      says: "dockerImage.image: must be the reference of an image, such as registry.example.com/team/image:tag"
    }
  ]
  it.effect("for a deploy of another project's image in the registry of builds is refused with 400", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shop
      yield* pending("d_1", 1)
      const target = { service: DeployService.name, key: "d_1", handler: "Deploy" }
      const image = `registry.test/ws-0victim/proj-0victim:d_victim@sha256:${"a".repeat(64)}`
      const body = new TextEncoder().encode(JSON.stringify({ deployment_id: "d_1", dockerImage: { image } }))
      assert.deepStrictEqual(yield* answerOf(engine.request(target, body)), {
        code: 400,
        message: "dockerImage.image: is in the registry of builds and not of this project"
      })
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "failed" })
    }).pipe(on({ settings: { registry: { url: "registry.test", imagesOf: "project" } } }))
  )

  for (const { what, source, says } of images)
    it.effect(`for a deploy ${what} is refused with 400, and the deployment is marked failed`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* shop
        yield* pending("d_1", 1)
        const target = { service: DeployService.name, key: "d_1", handler: "Deploy" }
        const body = new TextEncoder().encode(JSON.stringify({ deployment_id: "d_1", ...source }))
        assert.deepStrictEqual(yield* answerOf(engine.request(target, body)), { code: 400, message: says })
        assert.deepInclude(yield* deploymentRow("d_1"), { status: "failed" })
      }).pipe(on())
    )
})
