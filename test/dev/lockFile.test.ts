import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const Entry = Schema.Struct({
  integrity: Schema.optional(Schema.String),
  resolved: Schema.optional(Schema.String),
  link: Schema.optional(Schema.Boolean)
})

const LockFile = Schema.parseJson(Schema.Struct({ packages: Schema.Record({ key: Schema.String, value: Entry }) }))

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8")

const entries = () => Object.entries(Schema.decodeSync(LockFile)(read("package-lock.json")).packages)

/** SHA-512 as RFC 4648 base64: 64 bytes are 86 characters and two of padding. */
const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/

describe("the lock file", () => {
  it("names the sha512 of every package that a registry delivers, for every system", () => {
    const delivered = entries().filter(([path]) => path.startsWith("node_modules/"))
    const without = delivered.filter(([, { integrity, link }]) => link !== true && !sha512.test(integrity ?? ""))
    assert.isAbove(delivered.length, 400)
    assert.deepStrictEqual(
      without.map(([path]) => path),
      []
    )
  })

  it("links to folders of this repository only", () => {
    const linked = entries().flatMap(([, { link, resolved }]) => (link === true ? [resolved ?? ""] : []))
    const folders = entries().flatMap(([path]) => (path === "" || path.startsWith("node_modules/") ? [] : [path]))
    assert.deepStrictEqual([...new Set(linked)], folders)
    for (const folder of folders) assert.include(JSON.parse(read(`${folder}/package.json`)), { private: true })
  })
})

describe("an installation", () => {
  it("runs no script of any package", () => assert.include(read(".npmrc").split("\n"), "ignore-scripts=true"))
})
