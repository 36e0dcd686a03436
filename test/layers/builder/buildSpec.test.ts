import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as fc from "fast-check"
import {
  buildSpec,
  contextUrl,
  gitTokenSecret,
  projectImage,
  taggedImage
} from "../../../src/layers/builder/buildSpec.ts"
import type { BuildRequest } from "../../../src/services/builds/Builder.ts"

const sha = "0f3c".repeat(10)
const request: BuildRequest = {
  buildId: "d_1-build",
  workspaceId: "ws_1",
  projectId: "proj_x1",
  deploymentId: "d_y2",
  depotProjectId: null,
  repository: "acme/shop",
  commitSha: sha,
  contextPath: "",
  dockerfilePath: "",
  platform: "linux/amd64",
  installationId: 1n
}

const spec = (change: Partial<BuildRequest> = {}) => buildSpec({ ...request, ...change })
const accepted = (change: Partial<BuildRequest>) => Either.getOrThrow(spec(change))
const refusedField = (change: Partial<BuildRequest>) =>
  Either.match(spec(change), { onLeft: ({ field }) => field, onRight: () => "accepted" })

describe("what a build is asked for", () => {
  it("paths are taken as people write them, and become what stands in the URL", () => {
    const context = (contextPath: string) => contextUrl("https://github.com", accepted({ contextPath }))
    const root = `https://github.com/acme/shop.git#${sha}`
    for (const nothing of ["", ".", "/", " / "]) assert.strictEqual(context(nothing), root)
    for (const api of ["apps/api", " /apps/api ", "apps/api/"]) assert.strictEqual(context(api), `${root}:apps/api`)
    for (const path of ["./x", "apps/(web)", "app/[slug]/page", "my app/a, b & c", "größe/日本/😀", 'it\'s "{$x}"'])
      assert.strictEqual(context(path), `${root}:${path}`)
    assert.strictEqual(accepted({ dockerfilePath: "" }).dockerfilePath, "Dockerfile")
    assert.strictEqual(accepted({ dockerfilePath: "docker/web.Dockerfile" }).dockerfilePath, "docker/web.Dockerfile")
    assert.strictEqual(accepted({ platform: "/linux/arm64" }).platform, "linux/arm64")
  })

  it("[W53] nothing that could change a URL, an attribute or a tag is let through", () => {
    const bad: ReadonlyArray<readonly [BuildRequest["repository"], Partial<BuildRequest>]> = [
      ...[
        "acme",
        "acme/",
        "/shop",
        "acme/shop/x",
        "acme/shop#main",
        "acme/..",
        "acme/.",
        "ac me/shop",
        "a@b/c",
        "-a/b"
      ].map((repository) => ["repository", { repository }] as const),
      ...["main", "abc123", sha.toUpperCase(), `${sha}0`, `${sha}:x`, `${sha}\n`].map(
        (commitSha) => ["commitSha", { commitSha }] as const
      ),
      ...[
        "..",
        "a/../b",
        "a/..",
        "//a",
        "a//b",
        "a:b",
        "a#b",
        "a?b",
        "a\\b",
        "a%2e",
        "a\nb",
        "a\u2028b",
        "a\ud800",
        "a".repeat(501)
      ].flatMap(
        (path) =>
          [
            ["contextPath", { contextPath: path }],
            ["dockerfilePath", { dockerfilePath: path }]
          ] as const
      ),
      ...["linux", "linux/arm/v7", "windows/amd64", "linux/", "linux/a,b"].map(
        (platform) => ["platform", { platform }] as const
      ),
      ...["", "-a", "a".repeat(64), "a/b", "a:b"].map((buildId) => ["buildId", { buildId }] as const),
      ["projectId", { projectId: "proj/1" }],
      ["deploymentId", { deploymentId: "" }],
      ["workspaceId", { workspaceId: "ws 1" }]
    ]
    for (const [field, change] of bad) assert.strictEqual(refusedField(change), field, JSON.stringify(change))
  })

  it("[W49] the commit of a deleted branch is refused as that", () => {
    const refusal = Either.flip(spec({ commitSha: "0".repeat(40) })).pipe(Either.getOrThrow)
    assert.strictEqual(refusal.message, "commitSha: the branch was deleted: there is no commit to build")
  })

  it("whatever is accepted, its context URL names that repository, that commit and a path inside it", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z./#:?%@ ä()[\],'"-]{0,20}$/))
    fc.assert(
      fc.property(text, text, text, (repository, commitSha, contextPath) => {
        const made = spec({ repository, commitSha, contextPath })
        if (Either.isLeft(made)) return
        const url = new URL(contextUrl("https://github.com", made.right))
        assert.strictEqual(`${url.host}${url.pathname}`, `github.com/${repository}.git`)
        assert.strictEqual(url.search, "")
        const [commit, path = "", ...more] = decodeURIComponent(url.hash.slice(1)).split(":")
        assert.strictEqual(commit, commitSha)
        assert.isEmpty(more)
        assert.strictEqual(path, made.right.contextPath)
        assert.isFalse(path.split("/").includes(".."))
      })
    )
  })

  it("images and secrets are named by what they are for", () => {
    assert.strictEqual(
      taggedImage("registry.depot.dev", "abc123", accepted({})),
      "registry.depot.dev/abc123:proj_x1-d_y2"
    )
    const image = projectImage("https://r.example.com:5000/team/", accepted({ workspaceId: "ws_3aB" }))
    assert.strictEqual(image, "r.example.com:5000/team/ws-03a-b/proj-0x1:d_y2")
    assert.strictEqual(gitTokenSecret("https://github.com"), "GIT_AUTH_TOKEN.github.com")
    assert.strictEqual(gitTokenSecret("http://127.0.0.1:8419/"), "GIT_AUTH_TOKEN.127.0.0.1:8419")
  })
})
