import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { parseImageReference, projectRepository } from "../../../src/names/imageReference.ts"
import { imageRefusal } from "../../../src/workflows/deploy/givenImage.ts"

const digest = `@sha256:${"b".repeat(64)}`
const project = { workspaceId: "ws_Shop", projectId: "proj_shop" }
const victim = { workspaceId: "ws_victim", projectId: "proj_victim" }
const registry = { url: "https://registry.example.com:5000/team", imagesOf: "project" } as const
const shared = { url: "ghcr.io/acme", imagesOf: "project" } as const
const depot = { url: "registry.depot.dev", imagesOf: "depot-project" } as const

const own = projectRepository(registry.url, project)
const foreign = "is in the registry of builds and not of this project"
const undigested = "is in the registry of builds and must be named by its digest"

type Registry = Parameters<typeof imageRefusal>[1]

const table: ReadonlyArray<readonly [image: string, registry: Registry, refusal: string | null]> = [
  ["nginx:1", registry, null],
  ["registry.of.a.customer.example/team/shop:1", registry, null],
  [`${own}:d_1${digest}`, registry, null],
  [`${own}${digest}`, registry, null],
  [`${own.replace(":5000", "")}${digest}`, registry, null],
  [`${own}:d_1`, registry, undigested],
  [`${projectRepository(registry.url, victim)}${digest}`, registry, foreign],
  [`${projectRepository(registry.url, victim).replace("registry", "REGISTRY")}${digest}`, registry, foreign],
  [`${projectRepository(registry.url, victim).replace(":5000", ":443")}${digest}`, registry, foreign],
  [`registry.example.com:5000/team/deployments:proj_victim-d_victim${digest}`, registry, foreign],
  [`registry.example.com:5000/other/image${digest}`, registry, foreign],
  [`${own}/below${digest}`, registry, foreign],
  [`${projectRepository(shared.url, project)}${digest}`, shared, null],
  [`${projectRepository(shared.url, victim)}${digest}`, shared, foreign],
  ["ghcr.io/other/image:1", shared, null],
  [`registry.depot.dev/dp1:proj_shop-d_1${digest}`, depot, null],
  [`registry.depot.dev/dp1${digest}`, depot, null],
  ["registry.depot.dev/dp1:proj_shop-d_1", depot, undigested],
  [`registry.depot.dev/dp2:proj_victim-d_1${digest}`, depot, foreign],
  [`registry.example.com:5000/team/ws/proj:d`, null, null]
]

describe("an image that a deploy names", () => {
  for (const [image, where, refusal] of table) {
    it(`${image.replace(/@sha256:b+/, "@digest")} with ${where?.url ?? "no registry"}: ${refusal ?? "runs"}`, () =>
      Effect.gen(function* () {
        const reference = yield* parseImageReference(image)
        assert.strictEqual(imageRefusal(reference, where, project, "dp1"), refusal)
      }).pipe(Effect.runSync))
  }

  it("of Depot's registry is none of a project that has no Depot project yet", () => {
    const reference = Option.getOrThrow(parseImageReference(`registry.depot.dev/dp1${digest}`))
    assert.strictEqual(imageRefusal(reference, depot, project, null), foreign)
  })

  it("of a repository that all projects share is refused, because its digest names no project", () => {
    const oneForAll = { ...depot, imagesOf: "all-projects" } as const
    const reference = (image: string) => Option.getOrThrow(parseImageReference(`${image}${digest}`))
    assert.strictEqual(imageRefusal(reference("registry.depot.dev/dp1"), oneForAll, project, "dp1"), foreign)
    assert.isNull(imageRefusal(reference("nginx"), oneForAll, project, "dp1"))
  })
})
