import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"

const resolveDir = fileURLToPath(new URL(".", import.meta.url))

/** The folders of the package's sources that a bundle of this program has code of. */
const foldersIn = async (program: string): Promise<ReadonlyArray<string>> => {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir },
    bundle: true,
    packages: "external",
    alias: { "effect-restate": fileURLToPath(new URL("../../src", import.meta.url)) },
    platform: "node",
    format: "esm",
    write: false,
    metafile: true
  })
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs))
  const folders = inputs.flatMap(([path, { bytesInOutput }]) => {
    const folder = /effect-restate\/src\/(\w+)\//.exec(path)?.[1]
    return folder === undefined || bytesInOutput === 0 ? [] : [folder]
  })
  return [...new Set(folders)].sort()
}

describe("a bundle", () => {
  it("of workflows alone has nothing of servers, clients and test engine", async () => {
    const folders = await foldersIn(`export { implement, saga, step } from "effect-restate/index.ts"`)
    assert.deepStrictEqual(folders, ["attempt", "contract", "operations"])
  })

  it("of a client of the ingress has nothing of what serves or runs workflows", async () => {
    const folders = await foldersIn(`export { Ingress } from "effect-restate/ingress.ts"`)
    assert.notInclude(folders, "node")
    assert.notInclude(folders, "testing")
    assert.include(folders, "ingress")
  })

  it("of a worker has nothing of the test engine", async () => {
    const folders = await foldersIn(`export { Restate } from "effect-restate/node.ts"`)
    assert.include(folders, "node")
    assert.notInclude(folders, "testing")
    assert.notInclude(folders, "admin")
  })
})
