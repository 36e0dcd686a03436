import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { slug } from "../../../src/workflows/deploy/slug.ts"

describe("the slug of a branch", () => {
  it.each([
    ["main", "main"],
    ["feature/login", "feature-login"],
    ["Feature/LOGIN", "feature-login"],
    ["fix_bug__123", "fix-bug-123"],
    ["release/v1.2.3", "release-v1-2-3"],
    ["user@host", "user-host"],
    ["  spaces around  ", "spaces-around"],
    ["/leading", "-leading"],
    ["_private", "-private"],
    ["trailing-", "trailing"],
    ["trailing--", "trailing"],
    ["---", ""],
    ["ветка", ""],
    ["fix/ünïcode", "fix-n-code"],
    ["a".repeat(100), "a".repeat(80)],
    [`${"a".repeat(79)}-b`, "a".repeat(79)],
    ["dependabot/npm_and_yarn/next-14.1.0", "dependabot-npm-and-yarn-next-14-1-0"],
    ["feat#42!", "feat-42"],
    ["tab\there", "tab-here"],
    ["emoji-🚀-go", "emoji-go"],
    ["renovate/@types/node-20.x", "renovate-types-node-20-x"],
    ["CAPS_and-Dots.2", "caps-and-dots-2"]
  ])("of %j is %j, as in existing host names", (branch, expected) => {
    assert.strictEqual(slug(branch), expected)
  })

  it("trims what Go takes for white space and no more", () => {
    assert.strictEqual(slug("\u0085\u00a0\u2003main\u2028"), "main")
    assert.strictEqual(slug("\ufeffmain"), "-main")
    assert.strictEqual(slug("a\vb\u00a0c"), "a-b-c")
  })

  it("is lower-case ASCII of at most 80 characters, never two hyphens in a row nor one at the end, and its own slug", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (branch) => {
        const result = slug(branch)
        assert.match(result, /^-?([a-z0-9]+-)*[a-z0-9]*$/)
        assert.isAtMost(result.length, 80)
        assert.notMatch(result, /-$/)
        assert.strictEqual(slug(result), result)
      }),
      { numRuns: 500 }
    )
  })
})
