import { execFile } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { Metafile } from "esbuild"
import { bomFile, bundleInto, bundleProgram } from "../../dev/image/bundle.ts"
import { RunDirectory, RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { lockedPackagesIn, packagesOf, readBill } from "./support/lockedPackages.ts"

/** A folder with what `npm run build` makes. */
class Bundle extends Context.Tag("test/image/Bundle")<Bundle, string>() {}

const bundle = Layer.effect(
  Bundle,
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = join(yield* run.folderFor("bundle"), "dist")
    yield* Effect.promise(() => bundleInto(folder))
    return folder
  })
).pipe(Layer.provideMerge(RunDirectoryLive))

/** What a start loads that only some settings, or some handlers, use. */
const libraries = [
  "@aws-sdk/",
  "@depot/sdk-node",
  "@grpc/grpc-js",
  "@peculiar/x509",
  "acme-client",
  "axios",
  "node-vault"
]

/** The packages that are loaded with the file, before anything in it runs. */
const loadedWith = (outputs: Metafile["outputs"], file: string): ReadonlySet<string> => {
  const files = new Set([file])
  // A set that grows while it is iterated visits what is added.
  for (const each of files)
    for (const { kind, path } of outputs[each]?.imports ?? []) if (kind === "import-statement") files.add(path)
  const inputs = [...files].flatMap((each) => Object.keys(outputs[each]?.inputs ?? {}))
  return new Set(inputs.flatMap((input) => input.split("node_modules/").slice(1)))
}

layer(bundle, { timeout: "1 minute" })("the bundle", (it) => {
  it.effect("names in its bill of materials every package in it, as package-lock.json has it, and no other", () =>
    Effect.gen(function* () {
      const folder = yield* Bundle
      const inBundle = yield* Effect.promise(() => lockedPackagesIn(folder))
      assert.includeMembers(
        inBundle.map(({ reference }) => reference.replace(/@[^@]+$/, "")),
        ["effect", "@restatedev/restate-sdk", "mysql2", "@grpc/grpc-js", "preact"]
      )
      const bill = yield* Effect.promise(() => readBill(join(folder, bomFile)))
      assert.deepStrictEqual(packagesOf(bill), inBundle)
    })
  )

  it.effect("says in its bill of materials which Node it runs on, and refers to nothing that is not in there", () =>
    Effect.gen(function* () {
      const folder = yield* Bundle
      const { components, dependencies } = yield* Effect.promise(() => readBill(join(folder, bomFile)))
      const node = components.filter(({ type }) => type === "platform")
      assert.deepStrictEqual(
        node.map(({ purl }) => purl),
        [`pkg:generic/node@${process.versions.node}`]
      )
      const known = new Set(components.map((component) => component["bom-ref"]))
      const refs = new Set(dependencies.map(({ ref }) => ref))
      assert.deepStrictEqual(
        [...known].filter((it) => !refs.has(it)),
        []
      )
      assert.deepStrictEqual(
        dependencies.flatMap(({ dependsOn }) => dependsOn).filter((it) => !known.has(it)),
        []
      )
    })
  )

  it.effect("loads what only some configurations or handlers use when it is used, not when the worker starts", () =>
    Effect.gen(function* () {
      const folder = yield* (yield* RunDirectory).folderFor("program")
      const { outputs } = (yield* Effect.promise(() => bundleProgram(folder))).metafile
      const [worker] = Object.entries(outputs).flatMap(([file, { entryPoint }]) =>
        entryPoint === "src/composition/worker.ts" ? [file] : []
      )
      const loaded = [...loadedWith(outputs, worker ?? "")]
      assert.isTrue(loaded.some((path) => path.startsWith("mysql2/")))
      for (const library of libraries) {
        assert.deepStrictEqual(
          loaded.filter((path) => path.startsWith(library)),
          []
        )
        const bundled = Object.values(outputs).some(({ inputs }) =>
          Object.keys(inputs).some((path) => path.includes(`node_modules/${library}`))
        )
        assert.isTrue(bundled, library)
      }
    })
  )

  it.effect("installs `control-plane-worker` as a program that a shell starts with Node", () =>
    Effect.gen(function* () {
      const folder = yield* Bundle
      const { bin } = JSON.parse(yield* Effect.promise(() => readFile(join(folder, "package.json"), "utf8")))
      assert.deepStrictEqual(bin, { "control-plane-worker": "main.js" })
      const entry = yield* Effect.promise(() => readFile(join(folder, bin["control-plane-worker"]), "utf8"))
      assert.match(entry, /^#!\/usr\/bin\/env node\n/)
    })
  )

  it.effect("needs nothing but Node: far from the checkout it starts and says what its configuration lacks", () =>
    Effect.gen(function* () {
      const folder = yield* Bundle
      const elsewhere = { cwd: "/", env: {} }
      const ended = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, [join(folder, "main.js")], elsewhere).catch((error) => error)
      )
      assert.strictEqual(ended.code, 1)
      assert.include(ended.stdout + ended.stderr, "WORKER_DATABASE_PRIMARY")
    })
  )

  it.effect("has no program in it but the bundle itself and the console's page", () =>
    Effect.gen(function* () {
      const folder = yield* Bundle
      const all = yield* Effect.promise(() => readdir(folder, { recursive: true }))
      const programs = all.filter((it) => /\.(?:[cm]?js|node|wasm)$/.test(it) && !it.startsWith("chunks/"))
      assert.deepStrictEqual(programs.toSorted(), ["console/main.js", "main.js"])
      assert.includeMembers(all, ["console/index.html", "console/style.css"])
    })
  )
})
