import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import {
  isSourceAllowed,
  type PolicyInput,
  type SourceRule,
  sourcePolicyOf
} from "../../../src/layers/builder/sourcePolicy.ts"

const commitSha = "0123456789abcdef0123456789abcdef01234567"
const other = "f".repeat(40)
const spec = { repository: "acme/shop", commitSha }

const site = (change: Partial<PolicyInput> = {}): PolicyInput => ({
  gitUrl: "https://github.com",
  registryUrl: "https://registry.example.com:5000/team",
  registryKnowsPasswordsOnly: false,
  ...change
})

const ours = site()
const shared = site({ registryUrl: "ghcr.io/acme" })
const hub = site({ registryUrl: "docker.io/acme" })
const passwords = site({ registryKnowsPasswordsOnly: true })
const self = site({ gitUrl: "http://127.0.0.1:3000/", registryUrl: "127.0.0.1:5000" })

const allowed: ReadonlyArray<readonly [site: PolicyInput, source: string]> = [
  [ours, `git://github.com/acme/shop.git#${commitSha}`],
  [ours, `git://github.com/acme/shop.git#${commitSha}:apps/web`],
  [self, `git://127.0.0.1:3000/acme/shop.git#${commitSha}:apps/web`],
  [ours, "docker-image://docker.io/library/node:24"],
  [ours, `docker-image://docker.io/library/node:24@sha256:${"a".repeat(64)}`],
  [ours, "docker-image://registry.of.a.customer.example:8443/base:1"],
  [ours, "docker-image://ghcr.io/acme/base:1"],
  [shared, "docker-image://ghcr.io/acmeother/base:1"],
  [shared, "docker-image://docker.io/acme/base:1"],
  [hub, "docker-image://docker.io/library/node:24"],
  [passwords, "docker-image://docker.io/library/node:24"],
  [passwords, "docker-image://quay.io/team/image:1"],
  [ours, "https://example.com"],
  [ours, "https://dl.example.com/file.tar.gz?version=1#top"],
  [ours, "https://dl.example.com:8443/file.tar.gz"]
]

const denied: ReadonlyArray<readonly [site: PolicyInput, source: string]> = [
  // Git: anything but that commit of that repository.
  [ours, "git://github.com/acme/shop.git"],
  [ours, `git://github.com/acme/shop.git#${other}`],
  [ours, `git://github.com/acme/shop.git#${commitSha}0`],
  [ours, `git://github.com/acme/shop.git#main`],
  [ours, `git://github.com/acme/shopXgit#${commitSha}`],
  [ours, `git://github.com/acme/other.git#${commitSha}`],
  [ours, `git://github.com.evil.example/acme/shop.git#${commitSha}`],
  [ours, `git://evil.example/acme/shop.git#${commitSha}`],
  [ours, `https://evil.example/git://github.com/acme/shop.git#${commitSha}`.replace("https", "http")],
  // The operator's registry, in every spelling.
  [ours, "docker-image://registry.example.com:5000/team/ws/proj:d"],
  [ours, "docker-image://registry.example.com/team/ws/proj:d"],
  [ours, "docker-image://REGISTRY.example.com:443/other:1"],
  [ours, "docker-image+blob://registry.example.com:5000/team/ws/proj@sha256:00"],
  [ours, "https://registry.example.com:5000/v2/_catalog"],
  [ours, "https://registry.example.com"],
  [shared, "docker-image://ghcr.io/acme/shop:1"],
  [shared, "docker-image://GHCR.io:443/acme/shop:1"],
  [shared, `docker-image://ghcr.io/acme@sha256:${"a".repeat(64)}`],
  [hub, "docker-image://docker.io/acme/shop:1"],
  [hub, "docker-image://registry-1.docker.io/acme/shop:1"],
  [hub, "docker-image://index.docker.io:443/acme/shop:1"],
  // With basic authentication: nothing that could redirect.
  [passwords, "docker-image://registry.of.a.customer.example/base:1"],
  [passwords, "docker-image://docker.io.evil.example/base:1"],
  [passwords, "docker-image://evil.example/docker.io/base:1"],
  // Addresses, names without a domain, and names of private networks.
  [ours, "docker-image://10.0.0.1:5000/base:1"],
  [ours, "docker-image://0x7f.0.0.1/base:1"],
  [ours, "docker-image://2130706433/base:1"],
  [ours, "docker-image://[::1]:5000/base:1"],
  [ours, "docker-image://localhost/base:1"],
  [ours, "docker-image://registry:5000/base:1"],
  [ours, "docker-image://registry.kube-system.svc/base:1"],
  [ours, "docker-image://registry.kube-system.svc.cluster.local:5000/base:1"],
  [ours, "https://127.0.0.1/"],
  [ours, "https://169.254.169.254/latest/meta-data"],
  [ours, "https://[fd00:ec2::254]/latest"],
  [ours, "https://metadata.google.internal/computeMetadata/v1"],
  [ours, "https://metadata/computeMetadata/v1"],
  [ours, "https://printer.lan/"],
  [ours, "https://LOCALHOST.localdomain/"],
  [ours, "https://example.com@10.0.0.1/"],
  [ours, "https://example.com:443@10.0.0.1/"],
  [ours, "https://example.com\\@10.0.0.1/"],
  [ours, "https://127%2e0.0.1/"],
  // Unencrypted, local and unknown sources.
  [ours, "http://example.com/file"],
  [ours, "local://context"],
  [ours, "oci-layout://store@sha256:00"],
  [ours, "oci-layout+blob://store@sha256:00"],
  [ours, "docker-image+blob://docker.io/library/node@sha256:00"],
  [ours, "ssh://git@github.com/acme/shop.git"],
  [ours, "future-source://docker.io/library/node:24"],
  [ours, ""]
]

const rulesOf = (given: PolicyInput): ReadonlyArray<SourceRule> => sourcePolicyOf(given, spec)

const text = fc.string({ unit: "grapheme-ascii", maxLength: 40 })

describe("what a build may read", () => {
  for (const [given, source] of allowed) {
    it(`${source} is allowed with the registry ${given.registryUrl}`, () => {
      assert.isTrue(isSourceAllowed(rulesOf(given), source))
    })
  }

  for (const [given, source] of denied) {
    it(`${JSON.stringify(source)} is denied with the registry ${given.registryUrl}`, () => {
      assert.isFalse(isSourceAllowed(rulesOf(given), source))
    })
  }

  it("nothing of git but one commit is allowed, whatever stands before, in or behind it", () => {
    const exact = `git://github.com/acme/shop.git#${commitSha}`
    fc.assert(
      fc.property(text, text, text, (before, within, behind) => {
        const source = `git://${before}${exact.slice(6)}${within}${behind}`
        const isExact = before === "" && (within + behind === "" || /^:.*$/.test(within + behind))
        assert.strictEqual(isSourceAllowed(rulesOf(ours), source), isExact, source)
      })
    )
  })

  it("no image of our registry is allowed, however its host is written and whatever the reference is", () => {
    const host = fc
      .tuple(fc.mixedCase(fc.constant("registry.example.com")), fc.constantFrom("", ":443", ":80", ":5000", ":1"))
      .map(([name, port]) => `${name}${port}`)
    const scheme = fc.constantFrom("docker-image", "docker-image+blob", "oci-layout", "https", "http")
    fc.assert(
      fc.property(scheme, host, text, (protocol, name, rest) => {
        assert.isFalse(isSourceAllowed(rulesOf(ours), `${protocol}://${name}/${rest}`))
      })
    )
  })

  it("no source is allowed but by one of three schemes, and none at an IP address", () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6().map((literal) => `[${literal}]`)
    )
    const scheme = fc.constantFrom("docker-image", "https", "http", "git")
    fc.assert(
      fc.property(scheme, address, text, (protocol, host, rest) => {
        assert.isFalse(isSourceAllowed(rulesOf(ours), `${protocol}://${host}/${rest}`))
      })
    )
    fc.assert(
      fc.property(text, (source) => {
        if (/^(docker-image|https|git):\/\//i.test(source)) return
        assert.isFalse(isSourceAllowed(rulesOf(ours), source))
      })
    )
  })

  it("the rules are ones that BuildKit's RE2 compiles: no look-around and no back-reference", () => {
    for (const given of [ours, shared, hub, passwords, self]) {
      for (const { pattern } of rulesOf(given)) assert.notMatch(pattern, /\(\?[=!<]|\\[1-9]/)
    }
  })

  it("the last rule that matches decides, and without one a source is allowed, as in BuildKit's engine", () => {
    const [allow, deny] = [
      { action: "allow", pattern: "a" },
      { action: "deny", pattern: "a" }
    ] as const
    assert.isTrue(isSourceAllowed([deny, allow], "a"))
    assert.isFalse(isSourceAllowed([allow, deny], "a"))
    assert.isTrue(isSourceAllowed([deny], "b"))
  })
})
