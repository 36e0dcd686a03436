import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { alternativeDomain, type DomainInput, domainsOf, isDnsLabel } from "../../../src/workflows/deploy/domains.ts"

const shop: DomainInput = {
  deploymentId: "d_1",
  projectId: "proj_1",
  environmentId: "env_1",
  workspaceSlug: "acme",
  projectSlug: "shop",
  environmentSlug: "production",
  gitCommitSha: "0f3c9a1b00000000000000000000000000000000",
  gitBranch: "main",
  apex: "unkey.app"
}

const anySlug = fc.oneof(fc.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)*$/), fc.string({ maxLength: 256 }))

const anyInput: fc.Arbitrary<DomainInput> = fc.record({
  deploymentId: fc.string({ minLength: 1 }),
  projectId: fc.string({ minLength: 1 }),
  environmentId: fc.string({ minLength: 1 }),
  workspaceSlug: anySlug,
  projectSlug: anySlug,
  environmentSlug: fc.oneof(fc.constantFrom("production", "preview"), anySlug),
  gitCommitSha: fc.option(fc.string({ maxLength: 40 })),
  gitBranch: fc.option(fc.string({ unit: "binary", maxLength: 256 })),
  apex: fc.constant("unkey.app")
})

const labelOf = (fqdn: string) => fqdn.slice(0, -".unkey.app".length)

describe("the generated host names", () => {
  it("of a production deployment are commit, branch, environment and live, in this order", () => {
    const [commit, ...others] = domainsOf(shop)
    assert.match(commit?.fqdn ?? "", /^shop-git-0f3c9a1-[1-9][0-9]{3}-acme\.unkey\.app$/)
    assert.strictEqual(commit?.sticky, "none")
    assert.deepStrictEqual(others, [
      { fqdn: "shop-git-main-acme.unkey.app", sticky: "branch" },
      { fqdn: "shop-production-acme.unkey.app", sticky: "environment" },
      { fqdn: "shop-acme.unkey.app", sticky: "live" }
    ])
  })

  it("of a preview deployment never include the live name", () => {
    const [commit, ...others] = domainsOf({ ...shop, environmentSlug: "preview", gitBranch: "feature/login" })
    assert.match(commit?.fqdn ?? "", /^shop-git-0f3c9a1-[1-9][0-9]{3}-acme\.unkey\.app$/)
    assert.deepStrictEqual(others, [
      { fqdn: "shop-git-feature-login-acme.unkey.app", sticky: "branch" },
      { fqdn: "shop-preview-acme.unkey.app", sticky: "environment" }
    ])
  })

  it("leave out commit and branch when the deployment has none", () => {
    const input = { ...shop, environmentSlug: "preview", gitCommitSha: null }
    assert.deepStrictEqual(domainsOf(input), [
      { fqdn: "shop-git-main-acme.unkey.app", sticky: "branch" },
      { fqdn: "shop-preview-acme.unkey.app", sticky: "environment" }
    ])
    assert.deepStrictEqual(domainsOf({ ...input, gitCommitSha: "", gitBranch: "" }), [
      { fqdn: "shop-preview-acme.unkey.app", sticky: "environment" }
    ])
  })

  it("hold each name once, of the broader kind, when an environment is called like a branch", () => {
    const input = { ...shop, environmentSlug: "git-main", gitCommitSha: null }
    assert.deepStrictEqual(domainsOf(input), [{ fqdn: "shop-git-main-acme.unkey.app", sticky: "environment" }])
  })

  it("keep the documented form for branches with an empty slug or a leading hyphen: those labels are valid", () => {
    assert.strictEqual(domainsOf({ ...shop, gitBranch: "ветка" })[1]?.fqdn, "shop-git--acme.unkey.app")
    assert.strictEqual(domainsOf({ ...shop, gitBranch: "/leading" })[1]?.fqdn, "shop-git--leading-acme.unkey.app")
  })

  it("are the same on every replay, the commit's four digits included, and follow the deployment id", () => {
    assert.deepStrictEqual(domainsOf(shop), domainsOf({ ...shop }))
    const commits = Array.from({ length: 50 }, (_, at) => domainsOf({ ...shop, deploymentId: `d_${at}` })[0]?.fqdn)
    assert.isAbove(new Set(commits).size, 45)
  })

  it("fit 63 characters when a branch is long, and stay apart for branches that differ only in what was cut", () => {
    const branch = "dependabot/npm_and_yarn/a-package-with-a-very-long-name"
    const [one, two] = ["1", "2"].map((end) => domainsOf({ ...shop, gitBranch: `${branch}-${end}` })[1]?.fqdn ?? "")
    assert.match(one ?? "", /^shop-git-dependabot-npm-and-yarn-a-package-with-a-[a-z0-9]{12}\.unkey\.app$/)
    assert.notStrictEqual(one, two)
  })

  it("[W5] are always valid DNS labels, whatever the slugs hold", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        for (const { fqdn } of domainsOf(input)) assert.isTrue(isDnsLabel(labelOf(fqdn)), fqdn)
      }),
      { numRuns: 500 }
    )
  })
})

describe("shortened and alternative host names", () => {
  const long = fc.stringMatching(/^[a-z]{64,80}$/)
  const twoIds = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 2 })

  it("are never shared by two projects", () => {
    fc.assert(
      fc.property(long, twoIds, (projectSlug, [one = "", two = ""]) => {
        const names = (projectId: string) => domainsOf({ ...shop, projectSlug, projectId }).map(({ fqdn }) => fqdn)
        const others = new Set(names(two))
        for (const name of names(one)) assert.isFalse(others.has(name))
      })
    )
  })

  it("replace a name that another project owns by one that is valid, stable and this project's alone", () => {
    fc.assert(
      fc.property(anyInput, twoIds, (input, [one = "", two = ""]) => {
        for (const domain of domainsOf(input)) {
          const mine = alternativeDomain(domain, { ...input, projectId: one })
          assert.isTrue(isDnsLabel(labelOf(mine.fqdn)), mine.fqdn)
          assert.strictEqual(mine.sticky, domain.sticky)
          assert.notStrictEqual(mine.fqdn, domain.fqdn)
          assert.deepStrictEqual(mine, alternativeDomain(domain, { ...input, projectId: one }))
          assert.notStrictEqual(mine.fqdn, alternativeDomain(domain, { ...input, projectId: two }).fqdn)
        }
      })
    )
  })

  it("keep the readable part of the name they replace", () => {
    const domain = { fqdn: "a-b-c.unkey.app", sticky: "live" } as const
    assert.match(alternativeDomain(domain, shop).fqdn, /^a-b-c-[a-z0-9]{12}\.unkey\.app$/)
  })
})
