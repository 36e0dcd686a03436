import { assert, describe, it } from "@effect/vitest"
import { commitOfHead } from "../../../../src/workflows/deploy/build/resolveBranch.ts"

const head = {
  sha: "a".repeat(40),
  message: "Add a cart",
  authorHandle: "ada",
  authorAvatarUrl: "https://avatars.test/ada",
  timestamp: 1_700_000_000_000
}

describe("the commit of a branch, for the row of a deployment,", () => {
  it("is what GitHub tells, with the branch that was asked for", () => {
    assert.deepStrictEqual(commitOfHead("main", head), { ...head, branch: "main" })
  })

  it("has a message of as many bytes as its column takes, and no half of a character", () => {
    const { message } = commitOfHead("main", { ...head, message: "\u{1F6D2}".repeat(70_000) })
    assert.strictEqual(message, "\u{1F6D2}".repeat(16_383))
    assert.isAtMost(Buffer.byteLength(message), 65_535)
  })

  it("has no author whose name or picture does not fit, and no time that is not known", () => {
    const commit = { ...head, authorHandle: "a".repeat(257), authorAvatarUrl: "a".repeat(513), timestamp: 0 }
    assert.deepInclude(commitOfHead("main", commit), { authorHandle: null, authorAvatarUrl: null, timestamp: null })
    assert.deepInclude(commitOfHead("main", { ...commit, authorHandle: null, authorAvatarUrl: null }), {
      authorHandle: null,
      authorAvatarUrl: null
    })
  })
})
