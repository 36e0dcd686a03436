import { execFile } from "node:child_process"
import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { build } from "esbuild"
import manifest from "../../package.json" with { type: "json" }
import { type BillOfMaterials, billOfBundle, unknownPackages } from "./billOfMaterials.ts"
import { bundledPackages, keepManifests } from "./bundledPackages.ts"
import { bundleConsole } from "./bundlePage.ts"

export const bomFile = "sbom.cdx.json"

/** Bundles the program into few files, not minified; `main.js` is its entry, which a shell can start. Run in the project's folder. */
export const bundleProgram = (folder: string, entry = "src/main.ts") =>
  build({
    entryPoints: { main: entry },
    outdir: folder,
    bundle: true,
    // Dynamic imports stay separate chunks, so that `--help` and `cron` do not load every SDK.
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    platform: "node",
    format: "esm",
    target: "node24",
    // Node's conditions and fields, so that the bundle has the modules that Node would load.
    conditions: [],
    mainFields: ["main"],
    // `debug` uses `supports-color` if installed, which only development dependencies do.
    external: ["supports-color"],
    sourcemap: true,
    sourcesContent: false,
    legalComments: "inline",
    metafile: true,
    // Bundled CommonJS packages call `require` for Node's modules, which an ES module has to define.
    banner: {
      js: [
        'import { createRequire as createRequireOfBundle } from "node:module"',
        "const require = createRequireOfBundle(import.meta.url)"
      ].join("\n")
    }
  })

/**
 * npm reads licences and checksums from the lock file. Lists all packages: `--omit=dev` would also omit packages that
 * development shares, such as Effect.
 */
const billOfLockFile = async (): Promise<BillOfMaterials> => {
  const args = ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application", "--package-lock-only"]
  const { stdout } = await promisify(execFile)("npm", args, { maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout)
}

const referenceOf = async (folder: string) => {
  const { name, version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"))
  return `${name}@${version}`
}

/**
 * Writes everything needed to run the worker under Node: `main.js` and its chunks, the console's page, the bundled packages'
 * manifests and licences, and a CycloneDX bill of materials. Deletes the folder's previous content.
 */
export const bundleInto = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true })
  const { metafile } = await bundleProgram(folder)
  const page = await bundleConsole(join(folder, "console"))
  const folders = bundledPackages([...Object.keys(metafile.inputs), ...page])
  await keepManifests(folders, folder)

  const { description, name, type, version } = manifest
  const ownManifest = { name, version, description, private: true, type, bin: { [name]: "main.js" } }
  await writeFile(join(folder, "package.json"), `${JSON.stringify(ownManifest, null, 2)}\n`)

  const packages = [...new Set(await Promise.all(folders.map(referenceOf)))]
  const all = await billOfLockFile()
  const unknown = unknownPackages(all, { packages })
  if (unknown.length > 0) throw new Error(`bundled, and not in package-lock.json: ${unknown.join(", ")}`)
  const bill = billOfBundle(all, { name, packages, node: process.versions.node })
  await writeFile(join(folder, bomFile), `${JSON.stringify(bill, null, 2)}\n`)
}
