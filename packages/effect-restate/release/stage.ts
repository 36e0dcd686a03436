import { execFile } from "node:child_process"
import { cp, mkdir, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { publishedManifest, type WorkspaceManifest } from "./publishedManifest.ts"

const folder = new URL("../", import.meta.url)
/** Beside the sources, which the maps of what is compiled lead to. */
const staged = new URL("build/", folder)
const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc")

const stage = async (): Promise<void> => {
  await rm(staged, { recursive: true, force: true })
  await mkdir(staged)
  for (const name of ["src", "lint", "docs", "examples", "README.md", "CHANGELOG.md", "LICENSE"])
    await cp(new URL(name, folder), new URL(name, staged), { recursive: true })
  const published = publishedManifest(manifest as typeof manifest & WorkspaceManifest)
  await writeFile(new URL("package.json", staged), `${JSON.stringify(published, null, 2)}\n`)
  const project = fileURLToPath(new URL("tsconfig.build.json", folder))
  await promisify(execFile)(process.execPath, [compiler, "-p", project])
}

// What `npm pack` and `npm publish` are run in.
await stage().catch((error: { readonly stdout?: string }) => {
  // The compiler's complaints are on its standard output.
  process.stderr.write(error.stdout ?? "")
  throw error
})
