import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { parseImageReference } from "../../../src/names/imageReference.ts"
import { builtImage } from "../../../src/workflows/deploy/build/builtImage.ts"
import { imageRefusal } from "../../../src/workflows/deploy/givenImage.ts"
import { depotProjectOf } from "./preflight.ts"

const digest = `sha256:${"f0".repeat(32)}`
const project = { workspaceId: "ws_1", projectId: "proj_1" }
const depot = { url: "registry.depot.dev", imagesOf: "depot-project" } as const

/** What `deployments.image` holds after a build that pushed this image. */
const stored = (image: string): string =>
  builtImage({ _tag: "Succeeded", image, digest, externalBuildId: null, depotProjectId: null }, "bld-1").image

/** Pushed image, what is stored, and the Depot project that preflight reads from that. */
const images: ReadonlyArray<readonly [pushed: string, image: string, depotProject: string | undefined]> = [
  ["registry.depot.dev/abc123:proj_1-d_1", `registry.depot.dev/abc123@${digest}`, "abc123"],
  [`registry.depot.dev/abc123:proj_1-d_1@${digest}`, `registry.depot.dev/abc123@${digest}`, "abc123"],
  ["registry.depot.dev/abc123", `registry.depot.dev/abc123@${digest}`, "abc123"],
  ["registry.example.com/ws-01/proj-01:d_1", `registry.example.com/ws-01/proj-01@${digest}`, undefined],
  ["registry.example.com:5000/team/ws/proj:d_1", `registry.example.com:5000/team/ws/proj@${digest}`, undefined],
  ["registry.example.com:5000/team/ws/proj", `registry.example.com:5000/team/ws/proj@${digest}`, undefined],
  ["[fd00::1]:5000/ws/proj:d_1", `[fd00::1]:5000/ws/proj@${digest}`, undefined],
  ["ghcr.io/acme/ws/proj:d_1", `ghcr.io/acme/ws/proj@${digest}`, undefined]
]

describe("the image of a build", () => {
  for (const [pushed, image, depotProject] of images)
    it(`${pushed.replace(digest, "digest")} is stored by digest without a tag, as krane, preflight and Depot read it`, () => {
      assert.strictEqual(stored(pushed), image)
      const reference = Option.getOrThrow(parseImageReference(stored(pushed)))
      assert.deepInclude(reference, { tag: null, digest })
      assert.strictEqual(depotProjectOf(stored(pushed)), depotProject)
    })

  it("keeps its tag where its digest does not fit into the column, and preflight still reads the project", () => {
    const long = `registry.depot.dev/${"p".repeat(180)}:proj_1-d_1`
    assert.strictEqual(stored(long), long)
    assert.strictEqual(depotProjectOf(long), "p".repeat(180))
    const longest = `registry.depot.dev/${"p".repeat(256 - 19 - 72)}`
    assert.strictEqual(stored(`${longest}:proj_1-d_1`), `${longest}@${digest}`)
    assert.lengthOf(stored(`${longest}:proj_1-d_1`), 256)
  })

  it("may be named in a later deploy of its project", () => {
    const reference = Option.getOrThrow(parseImageReference(stored("registry.depot.dev/abc123:proj_1-d_1")))
    assert.isNull(imageRefusal(reference, depot, project, "abc123"))
  })
})

describe("preflight", () => {
  it("takes a part of the tag for the project where tag and digest stand together", () => {
    assert.strictEqual(depotProjectOf(`registry.depot.dev/abc123:proj_1-d_1@${digest}`), "abc123:proj_1-d_1")
    assert.strictEqual(depotProjectOf("registry.depot.dev/abc123:proj_1-d_1"), "abc123")
  })
})
