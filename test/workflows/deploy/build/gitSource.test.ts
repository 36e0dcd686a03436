import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import fc from "fast-check"
import { gitSourceOf } from "../../../../src/workflows/deploy/build/gitSource.ts"

const sha = "0f3c9a1b4d5e6f708192a3b4c5d6e7f809182736"
const given = {
  installationId: 42n,
  repository: "acme/shop",
  commitSha: sha,
  contextPath: "",
  dockerfilePath: "",
  branch: ""
}
type Given = typeof given

const of = (part: Partial<Given>) => gitSourceOf({ ...given, ...part })
const problemOf = (part: Partial<Given>) => Either.getOrUndefined(Either.flip(of(part)))?.message

describe("a git source", () => {
  const contexts: ReadonlyArray<readonly [string, string]> = [
    ["", ""],
    [".", ""],
    ["/", ""],
    [" /apps/api ", "apps/api"],
    ["/.", ""],
    ["./x", "./x"],
    ["apps/api/", "apps/api/"],
    ["packages/@scope/web-1.2_3", "packages/@scope/web-1.2_3"],
    ["apps/(web)/[slug]", "apps/(web)/[slug]"],
    ["my app/a, b & c", "my app/a, b & c"],
    ["größe/日本/😀", "größe/日本/😀"]
  ]
  for (const [path, normal] of contexts)
    it(`is normalised: context "${path}" is "${normal}"`, () => {
      assert.strictEqual(Either.getOrThrow(of({ contextPath: path })).contextPath, normal)
    })

  it("has the Dockerfile that is meant when none is named", () => {
    assert.strictEqual(Either.getOrThrow(of({})).dockerfilePath, "Dockerfile")
    assert.strictEqual(
      Either.getOrThrow(of({ dockerfilePath: " /docker/web.Dockerfile " })).dockerfilePath,
      "docker/web.Dockerfile"
    )
  })

  it("names its commit in lower case", () => {
    assert.strictEqual(Either.getOrThrow(of({ commitSha: sha.toUpperCase() })).commitSha, sha)
  })

  const repositories = [
    "",
    "acme",
    "acme/",
    "/shop",
    "acme/shop/x",
    "acme/..",
    "acme/.",
    "-acme/shop",
    "acme/shop.git",
    "ac me/shop",
    "acme/sh#op",
    "acme/shop:x",
    "acme@evil.test/shop",
    `${"a".repeat(41)}/shop`,
    "acme/shop\n"
  ]
  for (const repository of repositories)
    it(`[W53] is refused with the repository ${JSON.stringify(repository)}`, () => {
      assert.strictEqual(problemOf({ repository }), "git.repository: must be a repository on GitHub, as owner/name")
    })

  for (const commitSha of ["", "main", sha.slice(1), `${sha}0`, `${sha.slice(1)}g`, `${sha.slice(1)}#`])
    it(`[W53] is refused with the commit ${JSON.stringify(commitSha)}`, () => {
      assert.strictEqual(
        problemOf({ commitSha }),
        "git.commitSha: must be a full commit id of 40 hexadecimal characters"
      )
    })

  it("[W49] is refused with the commit of a deleted branch", () => {
    assert.strictEqual(
      problemOf({ commitSha: "0".repeat(40) }),
      "git.commitSha: names no commit: the branch was deleted"
    )
  })

  for (const branch of ["main", "feature/cart", "dependabot/npm_and_yarn/x-1.2", "größe", "a".repeat(256), "user@work"])
    it(`of the branch ${JSON.stringify(branch.slice(0, 40))} without a commit has its newest one`, () => {
      assert.deepInclude(Either.getOrThrow(of({ commitSha: "", branch })), { commitSha: null, branch })
    })

  it("of a commit is that, whatever branch stands beside it", () => {
    for (const branch of ["main", "..", " "]) assert.strictEqual(Either.getOrThrow(of({ branch })).commitSha, sha)
    assert.include(problemOf({ commitSha: "0".repeat(40), branch: "main" }), "the branch was deleted")
  })

  const notBranches = ["..", "a/../b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "-a", "@", "a@{1}"]
  for (const branch of [
    ...notBranches,
    " ",
    "a b",
    "a\nb",
    "a\0",
    "a\x7f",
    "a~1",
    "a^",
    "a:b",
    "a?b",
    "a*",
    "a[b",
    "a\\b"
  ])
    it(`is refused with the branch ${JSON.stringify(branch)} and no commit`, () => {
      assert.strictEqual(problemOf({ commitSha: "", branch }), "git.branch: must be the name of a branch")
    })

  const paths = [
    "..",
    "../x",
    "x/../y",
    "x/..",
    "x#y",
    "x:y",
    "//x",
    "x//y",
    "x?y",
    "x%2e",
    "x\\y",
    "x\ny",
    "x\0y",
    "x\u2028y",
    "x\ud800"
  ]
  for (const path of paths)
    it(`[W53] is refused with the path ${JSON.stringify(path)}, as context and as Dockerfile`, () => {
      assert.match(problemOf({ contextPath: path }) ?? "", /^git\.contextPath: must be a path within/)
      assert.match(problemOf({ dockerfilePath: path }) ?? "", /^git\.dockerfilePath: must be a path within/)
    })

  for (const path of ["Dockerfile/", ".", "x/."])
    it(`is refused with a Dockerfile that is a directory: ${JSON.stringify(path)}`, () => {
      assert.match(problemOf({ dockerfilePath: path }) ?? "", /^git\.dockerfilePath/)
    })

  it("is refused with a negative installation", () => {
    assert.strictEqual(problemOf({ installationId: -1n }), "git.installationId: must not be negative")
  })

  it("[W53] that is accepted means in a URL what it says, whatever was given", () => {
    const hostile = fc.string({ unit: fc.constantFrom(..."ab./#:?@%\\ -_\nä([,'"), maxLength: 12 })
    fc.assert(
      fc.property(hostile, hostile, hostile, (repository, contextPath, dockerfilePath) => {
        const source = Either.getOrUndefined(of({ repository, contextPath, dockerfilePath }))
        if (source === undefined) return
        const url = new URL(`https://github.test/${source.repository}.git#${source.commitSha}:${source.contextPath}`)
        assert.strictEqual(url.host, "github.test")
        assert.strictEqual(url.username, "")
        assert.strictEqual(url.pathname, `/${source.repository}.git`)
        assert.strictEqual(decodeURIComponent(url.hash), `#${sha}:${source.contextPath}`)
        for (const path of [source.contextPath, source.dockerfilePath]) assert.notInclude(path.split("/"), "..", path)
      }),
      { numRuns: 2000 }
    )
  })
})
