import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import fc from "fast-check"
import {
  canonicalHost,
  isWithin,
  ownLocation,
  parseImageReference,
  projectRepository,
  repositoryComponent
} from "../../src/names/imageReference.ts"

const digest = `sha256:${"a1".repeat(32)}`

const references: ReadonlyArray<
  readonly [text: string, host: string, path: string, tag?: string | undefined, digest?: string]
> = [
  ["node", "docker.io", "library/node"],
  ["node:24-slim", "docker.io", "library/node", "24-slim"],
  ["acme/shop", "docker.io", "acme/shop"],
  ["docker.io/node", "docker.io", "library/node"],
  ["index.docker.io/acme/shop:1", "docker.io", "acme/shop", "1"],
  ["registry-1.docker.io/acme/shop", "docker.io", "acme/shop"],
  ["GHCR.IO/acme/shop", "ghcr.io", "acme/shop"],
  ["ghcr.io:443/acme/shop", "ghcr.io", "acme/shop"],
  ["localhost/shop", "localhost", "shop"],
  ["registry:5000/team/shop:1", "registry", "team/shop", "1"],
  ["[2001:db8::1]:5000/shop", "[2001:db8::1]", "shop"],
  [`r.example/a/b@${digest}`, "r.example", "a/b", undefined, digest],
  [`r.example/a/b:1@${digest}`, "r.example", "a/b", "1", digest]
]

const none: ReadonlyArray<string> = [
  "",
  "Shop",
  "a b",
  "a//b",
  "/a",
  "a/",
  "https://ghcr.io/acme/shop",
  "user@ghcr.io/acme/shop",
  "ghcr.io/acme/../shop",
  "ghcr.io/acme/shop:",
  "ghcr.io/acme/shop@sha256:short",
  "ghcr.io./acme/shop",
  "a".repeat(64),
  `r.example/${"a".repeat(250)}`,
  "node:24\n"
]

const id = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/)

describe("references of images", () => {
  for (const [text, host, path, tag = null, digest = null] of references) {
    it(`${text} is read as Docker reads it`, () => {
      assert.deepStrictEqual(parseImageReference(text), Option.some({ host, path, tag, digest }))
    })
  }

  for (const text of none) {
    it(`${JSON.stringify(text.slice(0, 40))} is no reference`, () => {
      assert.isTrue(Option.isNone(parseImageReference(text)))
    })
  }

  it("every spelling of a host is one host", () => {
    for (const spelling of ["R.example:5000", "r.example", "r.EXAMPLE.:443", "r.example:80"]) {
      assert.strictEqual(canonicalHost(spelling), "r.example")
    }
  })

  it("a registry of one's own belongs to the operator as a whole, one that others publish at below its path", () => {
    const at = (registryUrl: string, image: string) =>
      isWithin(ownLocation(registryUrl), Option.getOrThrow(parseImageReference(image)))
    assert.isTrue(at("https://r.example:5000/team/", "R.example/other/image:1"))
    assert.isTrue(at("ghcr.io/acme", "ghcr.io:443/acme/image"))
    assert.isFalse(at("ghcr.io/acme", "ghcr.io/acmeother/image"))
    assert.isFalse(at("ghcr.io/acme", "ghcr.io/other/image"))
    assert.isTrue(at("docker.io/acme", "acme/image"))
    assert.isFalse(at("docker.io/acme", "node"))
  })

  it("a project's repository is a name that registries take, and no other project has it", () => {
    fc.assert(
      fc.property(id, id, id, id, (workspaceId, projectId, otherWorkspace, otherProject) => {
        const [one, other] = [
          projectRepository("r.example/team", { workspaceId, projectId }),
          projectRepository("r.example/team", { workspaceId: otherWorkspace, projectId: otherProject })
        ]
        assert.isTrue(Option.isSome(parseImageReference(one)), one)
        const isSame = workspaceId === otherWorkspace && projectId === otherProject
        assert.strictEqual(one === other, isSame)
      })
    )
  })

  it("different ids have different components, also those that differ in case and signs alone", () => {
    const alike = fc.array(fc.constantFrom("a", "A", "0", "-", "_", ".", "1", "2"), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(alike, alike, (one, other) => {
        const [left, right] = [one.join(""), other.join("")]
        assert.strictEqual(repositoryComponent(left) === repositoryComponent(right), left === right)
      }),
      { numRuns: 2_000 }
    )
    assert.strictEqual(repositoryComponent("ws_3Wb"), "ws-03-wb")
    assert.strictEqual(repositoryComponent("Abc"), "0--abc")
  })
})
